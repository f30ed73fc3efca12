package io.tidemark.itests.nodes.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;

/**
 * Thousands of files that are written, changed and deleted, with a note of what the file system has promised to keep: the
 * content of each file that was synced and not touched since. For one thread.
 */
public final class FileTree {
    private static final int DIRECTORIES = 32;
    private static final int SYNC_EACH = 200;
    private static final int FSYNC_ONE_OF = 10;
    private static final int LARGEST_BYTES = 48 << 10;

    private final Scratch scratch;
    private final RandomGenerator random;
    private final Map<String, Long> written = new TreeMap<>();
    private final Map<String, Long> promised = new TreeMap<>();
    private int names;

    /**
     * A tree without files.
     *
     * @param scratch of the test
     * @param random decides what is written
     */
    public FileTree(Scratch scratch, RandomGenerator random) {
        this.scratch = scratch;
        this.random = random;
    }

    /**
     * Writes until enough is done or the file system fails.
     *
     * @param top a mounted directory
     * @param steps how many files to write, change or delete
     * @param progress called after each step
     * @return whether all steps were done
     */
    public boolean write(Path top, int steps, Runnable progress) {
        try {
            for (int directory = 0; directory < DIRECTORIES; directory++) {
                Files.createDirectories(top.resolve("d" + directory));
            }
            for (int step = 1; step <= steps; step++) {
                change(top);
                if (step % SYNC_EACH == 0) {
                    sync(top);
                }
                progress.run();
            }
            sync(top);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void change(Path top) throws IOException {
        int draw = random.nextInt(10);
        if (draw < 7 || written.size() < 50) {
            put(top, "d" + random.nextInt(DIRECTORIES) + "/f" + names++, StandardOpenOption.CREATE_NEW);
            return;
        }
        List<String> all = new ArrayList<>(written.keySet());
        String name = all.get(random.nextInt(all.size()));
        if (draw < 9) {
            put(top, name, StandardOpenOption.TRUNCATE_EXISTING);
        } else {
            promised.remove(name);
            written.remove(name);
            Files.delete(top.resolve(name));
        }
    }

    private void put(Path top, String name, StandardOpenOption how) throws IOException {
        promised.remove(name);
        written.remove(name);
        byte[] content = new byte[random.nextInt(LARGEST_BYTES)];
        random.nextBytes(content);
        try (FileChannel file = FileChannel.open(top.resolve(name), StandardOpenOption.WRITE, how)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            if (random.nextInt(FSYNC_ONE_OF) == 0) {
                file.force(true);
                promised.put(name, checksum(content));
            }
        }
        written.put(name, checksum(content));
    }

    private void sync(Path top) throws IOException {
        Outcome outcome = Command.of(scratch, Path.of("/usr/bin/sync"), "-f", top.toString())
                .run();
        if (outcome.exit() != 0) {
            throw new IOException(outcome.toString());
        }
        promised.putAll(written);
    }

    /**
     * Compares what is there with what was promised, and goes on from what is there.
     *
     * @param top where the file system is mounted again
     * @return how many files were compared
     */
    public int verify(Path top) {
        for (Map.Entry<String, Long> file : promised.entrySet()) {
            try {
                long found = checksum(Files.readAllBytes(top.resolve(file.getKey())));
                if (found != file.getValue()) {
                    throw new AssertionError(file.getKey() + " was synced, and has another content now");
                }
            } catch (IOException e) {
                throw new AssertionError(file.getKey() + " was synced, and cannot be read now: " + e, e);
            }
        }
        written.keySet().removeIf(name -> !Files.exists(top.resolve(name)));
        written.replaceAll((name, checksum) -> current(top.resolve(name)));
        return promised.size();
    }

    private static long current(Path path) {
        try {
            return checksum(Files.readAllBytes(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long checksum(byte[] content) {
        CRC32C crc = new CRC32C();
        crc.update(content);
        return crc.getValue() << 32 | content.length;
    }
}
