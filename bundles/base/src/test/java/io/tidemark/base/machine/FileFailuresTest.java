package io.tidemark.base.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files.Mode;
import io.tidemark.api.context.StorageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileFailuresTest {
    private static final Path FILE = Path.of("pool", "f");
    private static final String GERMAN = "Auf dem Ger\u00e4t ist kein Speicherplatz mehr verf\u00fcgbar";
    private static final String QUOTA = "Der zugewiesene Plattenplatz (Quota) ist \u00fcberschritten";
    private static final String LARGE = "Die Datei ist zu gro\u00df";

    @TempDir
    Path directory;

    /** A process whose language is German. */
    private static final class German extends LibC {
        private final Map<Integer, Memory> texts =
                Map.of(ENOSPC, memory(GERMAN), EDQUOT, memory(QUOTA), EFBIG, memory(LARGE), EIO, memory("EA-Fehler"));

        private static Memory memory(String text) {
            Memory memory = new Memory(200);
            memory.setString(0, text, System.getProperty("native.encoding"));
            return memory;
        }

        @Override
        Pointer strerror(int error) {
            return texts.get(error);
        }
    }

    private static IOException told(String text) {
        return new IOException(read(text));
    }

    /** As Java reads it: in the encoding POSIX the umlauts are lost, here as there. */
    private static String read(String text) {
        return German.memory(text).getString(0, System.getProperty("native.encoding"));
    }

    @Test
    void whatAFailureMeansDoesNotDependOnTheLanguage() {
        FileFailures failures = new FileFailures(new German());
        StorageException full = failures.of("write", FILE, told(GERMAN));
        assertEquals(Reason.NO_SPACE, full.reason());
        assertTrue(full.getMessage().startsWith("cannot write pool/f: no space left"), full.getMessage());
        assertEquals(Reason.NO_SPACE, failures.of("write", FILE, told(QUOTA)).reason());
        FileSystemException named = new FileSystemException("pool/f", null, read(GERMAN));
        assertEquals(Reason.NO_SPACE, failures.of("rename", FILE, named).reason());
        assertEquals(Reason.INVALID, failures.ofResize(FILE, told(LARGE)).reason());
        assertEquals(Reason.NO_SPACE, failures.ofResize(FILE, told(GERMAN)).reason());
        assertEquals(Reason.IO, failures.of("write", FILE, told("EA-Fehler")).reason());
        assertEquals(Reason.IO, failures.ofResize(FILE, told("EA-Fehler")).reason());
    }

    @Test
    void ofLibcTheNumberDecides() {
        FileFailures failures = new FileFailures(new German());
        assertEquals(Reason.NO_SPACE, failures.of("write", FILE, LibC.ENOSPC).reason());
        assertEquals(Reason.NO_SPACE, failures.of("write", FILE, LibC.EDQUOT).reason());
        StorageException io = failures.of("write", FILE, LibC.EIO);
        assertEquals(Reason.IO, io.reason());
        assertTrue(io.getMessage().startsWith("cannot write pool/f: EA-Fehler (error 5)"), io.getMessage());
    }

    /** What a process of another language does. */
    static final class Abroad {
        private Abroad() {}

        /** Ends with 0 when all is recognized, and says what it was told. */
        public static void main(String[] arguments) throws Exception {
            noSpace(new MachineFiles());
            noSpace(new MachineFiles(null, new Rings(null)));
            try (StorageFile file = new MachineFiles().open(Path.of(arguments[0], "large"), Mode.CREATE)) {
                StorageException e = assertThrows(StorageException.class, () -> file.setSize(Long.MAX_VALUE - 511));
                assertEquals(Reason.INVALID, e.reason());
            }
        }

        private static void noSpace(MachineFiles files) throws Exception {
            try (StorageFile file = files.open(Path.of("/dev/full"), Mode.WRITE)) {
                StorageException e =
                        assertThrows(StorageException.class, () -> file.write(ByteBuffer.allocateDirect(512), 0));
                assertEquals(Reason.NO_SPACE, e.reason());
                System.out.println(e.getCause().getMessage());
            }
        }
    }

    @Test
    void aProcessOfAnotherLanguageSeesTheSame() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-classpath",
                System.getProperty("java.class.path"),
                Abroad.class.getName(),
                directory.toString());
        builder.environment().putAll(Map.of("LC_ALL", "C.UTF-8", "LANGUAGE", "de"));
        Path output = directory.resolve("output");
        builder.redirectErrorStream(true).redirectOutput(output.toFile());
        Process process = builder.start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it does not end");
        String said = Files.readString(output);
        assertEquals(0, process.exitValue(), said);
        if (said.contains("No space left on device")) {
            System.out.println("NOTE: the system has no messages in German (Debian package libc-l10n):"
                    + " another language is only played");
        }
    }
}
