package io.tidemark.itests.nodes.harness;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a failure says beside its own text, so that it can be understood where that is all that is left of a run: the seed,
 * what the programs wrote, and what the node wrote to its log. Never more than some hundred lines; the node's last ones come
 * last, because whoever shortens it keeps the beginning and the end.
 */
public final class Evidence {
    /** Lines of the log of the node that was started last. */
    public static final int NODE_LINES = 100;

    private static final int TEXT_LINES = 60;
    private static final int EARLIER_NODE_LINES = 30;
    private static final int FIO_LINES = 40;
    private static final int OTHER_LINES = 15;
    private static final int MOST_FIOS = 2;
    private static final int MOST_OTHERS = 6;
    private static final int MOST_LINE_CHARACTERS = 400;
    private static final int MOST_READ_BYTES = 256 << 10;

    private Evidence() {}

    /**
     * A failure with its evidence.
     *
     * @param failure as a test threw it
     * @param logs of the test, in the order in which they were begun
     * @return the same, at the same place, saying more
     */
    static AssertionError with(Throwable failure, List<Path> logs) {
        StringBuilder text = new StringBuilder(first(failure.toString(), TEXT_LINES));
        text.append("\n--- seed ").append(Seeds.hint());
        List<Path> nodes = logs.stream().filter(Evidence::isNode).toList();
        List<Path> fios =
                logs.stream().filter(log -> name(log).endsWith("fio.log")).toList();
        List<Path> others = logs.stream()
                .filter(log -> !nodes.contains(log) && !fios.contains(log))
                .toList();
        newest(others, MOST_OTHERS).forEach(log -> append(text, log, OTHER_LINES));
        newest(fios, MOST_FIOS).forEach(log -> append(text, log, FIO_LINES));
        List<Path> lastNodes = newest(nodes, 2);
        for (Path log : lastNodes) {
            boolean last = log.equals(lastNodes.get(lastNodes.size() - 1));
            append(text, log, last ? NODE_LINES : EARLIER_NODE_LINES);
        }
        AssertionError more = new AssertionError(text.toString(), failure.getCause());
        more.setStackTrace(failure.getStackTrace());
        for (Throwable suppressed : failure.getSuppressed()) {
            more.addSuppressed(suppressed);
        }
        return more;
    }

    private static String name(Path log) {
        return log.getFileName().toString();
    }

    private static boolean isNode(Path log) {
        return name(log).endsWith("node.log") || name(log).equals("karaf.log");
    }

    /** Those that say something. */
    private static List<Path> newest(List<Path> logs, int most) {
        List<Path> filled =
                logs.stream().filter(log -> log.toFile().length() > 0).toList();
        return filled.subList(Math.max(0, filled.size() - most), filled.size());
    }

    private static void append(StringBuilder text, Path log, int lines) {
        text.append("\n--- ").append(log).append('\n').append(last(log, lines));
    }

    /**
     * The beginning of a text.
     *
     * @param text of any length
     * @param lines at most
     * @return what is said first, and how much is left out
     */
    static String first(String text, int lines) {
        List<String> all = text.lines().toList();
        String shown = join(all.subList(0, Math.min(lines, all.size())));
        return all.size() <= lines ? shown : shown + "\n(" + (all.size() - lines) + " lines more)";
    }

    /**
     * The end of a text.
     *
     * @param text of any length
     * @param lines at most
     * @return what is said last, and how much is left out
     */
    public static String last(String text, int lines) {
        List<String> all = text.lines().toList();
        String shown = join(all.subList(Math.max(0, all.size() - lines), all.size()));
        return all.size() <= lines ? shown : "(" + (all.size() - lines) + " lines before)\n" + shown;
    }

    /**
     * The end of a file.
     *
     * @param file whether or not it is there
     * @param lines at most
     * @return what it says last, and how much is left out
     */
    public static String last(Path file, int lines) {
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            long skipped = Math.max(0, in.length() - MOST_READ_BYTES);
            byte[] bytes = new byte[(int) (in.length() - skipped)];
            in.seek(skipped);
            in.readFully(bytes);
            String before = skipped == 0 ? "" : "(" + skipped + " bytes before)\n";
            return before + last(new String(bytes, StandardCharsets.UTF_8), lines);
        } catch (IOException e) {
            return Files.exists(file) ? "(" + e + ")" : "(it is not there)";
        }
    }

    private static String join(List<String> lines) {
        List<String> cut = new ArrayList<>();
        for (String line : lines) {
            cut.add(line.length() <= MOST_LINE_CHARACTERS ? line : line.substring(0, MOST_LINE_CHARACTERS) + " ...");
        }
        return String.join("\n", cut);
    }
}
