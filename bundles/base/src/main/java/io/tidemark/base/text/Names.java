package io.tidemark.base.text;

/** Names of images, pools and journals: they become file names, export names and configuration file names. */
public final class Names {
    /** Most characters. */
    public static final int MAX_LENGTH = 128;

    /** A moment of its own, which no mark can be called. */
    private static final String LATEST = "latest";

    private Names() {}

    /**
     * Checks a name.
     *
     * @param what the thing that gets it, for the message: {@code image}
     * @param name to check
     * @return the name
     * @throws IllegalArgumentException when it is no name; the message says which are
     */
    public static String check(String what, String name) {
        if (name.isEmpty() || name.length() > MAX_LENGTH || !name.chars().allMatch(Names::allowed) || !starts(name)) {
            String article = "aeiou".indexOf(what.charAt(0)) < 0 ? "a " : "an ";
            throw new IllegalArgumentException(
                    "'" + name + "' is no name for " + article + what + "; use 1 to " + MAX_LENGTH
                            + " letters, digits, dots, dashes and underscores, beginning with a letter or a digit");
        }
        return name;
    }

    /**
     * Checks the name of a moment. It begins with a letter, so that none looks like a position, a time or how long ago.
     *
     * @param name to check
     * @return the name
     * @throws IllegalArgumentException when it is none; the message says which are
     */
    public static String checkMark(String name) {
        check("mark", name);
        if (!isLetter(name.charAt(0)) || name.equals(LATEST)) {
            throw new IllegalArgumentException(
                    "'" + name + "' is no name for a mark; begin it with a letter, and do not call it " + LATEST);
        }
        return name;
    }

    private static boolean allowed(int c) {
        return alphanumeric(c) || c == '.' || c == '-' || c == '_';
    }

    private static boolean starts(String name) {
        return alphanumeric(name.charAt(0));
    }

    private static boolean alphanumeric(int c) {
        return isLetter(c) || (c >= '0' && c <= '9');
    }

    private static boolean isLetter(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
}
