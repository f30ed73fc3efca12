package io.tidemark.console.internal.endpoint;

import java.util.List;
import java.util.regex.Pattern;

/** Writes words as one line that gogo, Karaf's shell language, reads as exactly these words. The only place that does. */
final class GogoQuote {
    /** Gogo takes this character for the end of its input, even inside quotes. */
    private static final char END_OF_TEXT = '\uffff';

    /** What may be the name of a command. Gogo runs a quoted name as a value, not as a command. */
    private static final Pattern NAME =
            Pattern.compile("[A-Za-z0-9_*][A-Za-z0-9_.*-]*(:[A-Za-z0-9_*][A-Za-z0-9_.*-]*)?");

    private GogoQuote() {}

    /**
     * Whether a word can be the name of a command.
     *
     * @param word the first one
     * @return false when no command can be called so
     */
    static boolean isName(String word) {
        return NAME.matcher(word).matches();
    }

    /**
     * A command line.
     *
     * @param words name and arguments; the name must be one
     * @return the line
     */
    static String line(List<String> words) {
        StringBuilder out = new StringBuilder(words.get(0));
        for (String word : words.subList(1, words.size())) {
            out.append(' ');
            quote(out, word);
        }
        return out.toString();
    }

    /** In single quotes nothing is special but the quote; the end of text has a quoting of its own. */
    private static void quote(StringBuilder out, String word) {
        out.append('\'');
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (c == '\'') {
                out.append("'\\''");
            } else if (c == END_OF_TEXT) {
                out.append("'$'\\uffff''");
            } else {
                out.append(c);
            }
        }
        out.append('\'');
    }
}
