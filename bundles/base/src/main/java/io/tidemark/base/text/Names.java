package io.tidemark.base.text;

/** Names of images, pools and journals: they become file names, export names and configuration file names. */
public final class Names {
    /** Most characters. */
    public static final int MAX_LENGTH = 128;

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

    private static boolean allowed(int c) {
        return alphanumeric(c) || c == '.' || c == '-' || c == '_';
    }

    private static boolean starts(String name) {
        return alphanumeric(name.charAt(0));
    }

    private static boolean alphanumeric(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }
}
