package io.tidemark.itests.nodes.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a process takes. */
public final class Memory {
    private Memory() {}

    /**
     * The most memory that a process had resident so far.
     *
     * @param pid of the process
     * @return bytes
     */
    public static long peakResidentBytes(long pid) {
        return field(pid, "VmHWM:");
    }

    /**
     * The memory that a process has resident now.
     *
     * @param pid of the process
     * @return bytes
     */
    public static long residentBytes(long pid) {
        return field(pid, "VmRSS:");
    }

    private static long field(long pid, String name) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
                if (line.startsWith(name)) {
                    return Long.parseLong(line.substring(name.length())
                                    .replace("kB", "")
                                    .strip())
                            << 10;
                }
            }
            throw new AssertionError("process " + pid + " has no " + name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
