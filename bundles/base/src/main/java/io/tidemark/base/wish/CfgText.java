package io.tidemark.base.wish;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Changes keys in the text of a {@code .cfg} file and leaves everything else as people wrote it. */
public final class CfgText {
    private CfgText() {}

    /** Replaces, adds and (empty value) removes keys. */
    static String edit(String text, Map<String, String> changes) {
        Map<String, String> left = new TreeMap<>(changes);
        List<String> out = new ArrayList<>();
        for (List<String> entry : entries(text)) {
            String key = key(entry.get(0));
            if (!changes.containsKey(key)) {
                out.addAll(entry);
            } else if (left.containsKey(key)) {
                add(out, key, left.remove(key));
            }
        }
        left.forEach((key, value) -> add(out, key, value));
        return out.isEmpty() ? "" : String.join("\n", out) + "\n";
    }

    private static void add(List<String> out, String key, String value) {
        if (!value.isBlank()) {
            out.add(key + " = " + escape(value.trim()));
        }
    }

    /**
     * Checks that a value can stand in a file and mean the same when it is read.
     *
     * @param key of the value, for the message
     * @param value to check
     * @throws IllegalArgumentException beginning with the key, when it cannot
     */
    public static void check(String key, String value) {
        if (value.chars().anyMatch(c -> c < ' ' && c != '\t') || value.contains("${")) {
            throw KeyReader.wrong(key, "it contains a control character or ${");
        }
    }

    /** Readers of such files differ in the character set, so only ASCII is written. */
    private static String escape(String value) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\') {
                out.append("\\\\");
            } else if (c < 0x7f) {
                out.append(c);
            } else {
                out.append(String.format("\\u%04x", (int) c));
            }
        }
        return out.toString();
    }

    /** Lines that belong together: a line that ends in an odd number of backslashes goes on in the next one. */
    private static List<List<String>> entries(String text) {
        List<List<String>> entries = new ArrayList<>();
        List<String> open = null;
        for (String line : text.lines().toList()) {
            if (open == null) {
                open = new ArrayList<>();
                entries.add(open);
            }
            open.add(line);
            if (!continues(line) || isComment(open.get(0))) {
                open = null;
            }
        }
        return entries;
    }

    private static boolean continues(String line) {
        int backslashes = 0;
        while (backslashes < line.length() && line.charAt(line.length() - 1 - backslashes) == '\\') {
            backslashes++;
        }
        return backslashes % 2 == 1;
    }

    private static boolean isComment(String line) {
        String start = line.trim();
        return start.isEmpty() || start.startsWith("#") || start.startsWith("!");
    }

    /** The key of a line; empty for a comment. Our keys need no escapes, so what has some is another key. */
    private static String key(String line) {
        String start = line.trim();
        if (isComment(start)) {
            return "";
        }
        int end = 0;
        while (end < start.length() && "=: \t".indexOf(start.charAt(end)) < 0) {
            end++;
        }
        return start.substring(0, end);
    }
}
