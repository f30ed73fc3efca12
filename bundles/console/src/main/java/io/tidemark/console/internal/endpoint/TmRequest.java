package io.tidemark.console.internal.endpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code ./tm} asks for; see docs/formats/tm.md. Turns bytes into a request and owns no socket.
 *
 * @param columns width of the terminal behind standard output; 0 when it is none
 * @param interactive whether somebody sits at standard input
 * @param directory where relative file names count from, absolute
 * @param words the command and its arguments; empty to ask only whether the node serves
 */
record TmRequest(int columns, boolean interactive, Path directory, List<String> words) {
    /** Most words. */
    static final int MOST_WORDS = 1024;

    /** Most bytes of one word. */
    static final int MOST_WORD_BYTES = 1 << 20;

    /** Most bytes of all words. */
    static final int MOST_BYTES = 4 << 20;

    private static final String VERSION = "TM1";
    private static final int MOST_LINE_BYTES = 160;
    private static final int FIELDS = 5;
    private static final int MOST_COLUMNS = 10_000;

    /** The bytes are no request, or the caller does not know the token. There is no answer to that. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;

        Refused(String why) {
            super(why);
        }
    }

    /** The caller knows the token, and what it asks cannot be read here. The message tells it so. */
    static final class Unreadable extends IOException {
        private static final long serialVersionUID = 1L;

        Unreadable(String why) {
            super(why);
        }
    }

    /**
     * Reads a request. Memory is taken for what has been read, not for what is announced, and nothing before the token is
     * right.
     *
     * @param in from the caller
     * @param token that the caller has to know
     * @return the request
     * @throws Refused when the bytes are no request
     * @throws Unreadable when all of it came, and one of its words is no text, or no path can have the directory's name
     * @throws IOException when they end
     */
    static TmRequest read(InputStream in, String token) throws IOException {
        String[] fields = line(in).split(" ", -1);
        if (fields.length != FIELDS || !fields[0].equals(VERSION) || !same(fields[1], token)) {
            throw new Refused("no request of this version, or a wrong token");
        }
        int columns = number(fields[2], MOST_COLUMNS);
        boolean interactive = interactive(fields[3]);
        int count = number(fields[4], MOST_WORDS);
        int left = MOST_BYTES;
        byte[] directory = block(in, left);
        left -= directory.length;
        List<byte[]> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] word = block(in, left);
            left -= word.length;
            blocks.add(word);
        }
        List<String> words = new ArrayList<>();
        for (byte[] word : blocks) {
            words.add(text(word, words.isEmpty() ? "the command" : "argument " + words.size()));
        }
        Path from = absolute(text(directory, "the name of the working directory"));
        return new TmRequest(columns, interactive, from, words);
    }

    /** In constant time, so that a caller learns nothing from how long it takes. */
    private static boolean same(String given, String token) {
        return MessageDigest.isEqual(
                given.getBytes(StandardCharsets.ISO_8859_1), token.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static boolean interactive(String field) throws Refused {
        return switch (field) {
            case "t" -> true;
            case "-" -> false;
            default -> throw new Refused("input is neither t nor -");
        };
    }

    private static Path absolute(String directory) throws Refused, Unreadable {
        Path path;
        try {
            path = Path.of(directory);
        } catch (InvalidPathException e) {
            throw new Unreadable("the node cannot name your working directory (" + e.getReason()
                    + "): where it was started without a UTF-8 locale, stop it, and start it with LC_CTYPE=C.UTF-8");
        }
        if (!path.isAbsolute()) {
            throw new Refused("the directory is not absolute");
        }
        return path;
    }

    /**
     * Reads a line.
     *
     * @param in from the caller
     * @return without its line break
     * @throws Refused when it is too long
     * @throws IOException when the bytes end
     */
    static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        while (true) {
            int b = in.read();
            if (b < 0) {
                throw new IOException("the caller went away");
            }
            if (b == '\n') {
                return line.toString();
            }
            if (line.length() >= MOST_LINE_BYTES) {
                throw new Refused("a line is too long");
            }
            line.append((char) b);
        }
    }

    /**
     * Reads a number.
     *
     * @param text decimal
     * @param most largest that is taken
     * @return 0 to {@code most}
     * @throws Refused when it is none
     */
    static int number(String text, int most) throws Refused {
        boolean digits = !text.isEmpty() && text.length() < 10 && text.chars().allMatch(c -> c >= '0' && c <= '9');
        int number = digits ? Integer.parseInt(text) : Integer.MAX_VALUE;
        if (number > most) {
            throw new Refused("a number is out of range");
        }
        return number;
    }

    private static byte[] block(InputStream in, int left) throws IOException {
        int length = number(line(in), Math.min(MOST_WORD_BYTES, left));
        byte[] bytes = in.readNBytes(length);
        if (bytes.length != length) {
            throw new IOException("the caller went away");
        }
        return bytes;
    }

    private static String text(byte[] bytes, String what) throws Unreadable {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new Unreadable(what + " is not UTF-8, as all text for a node has to be");
        }
    }
}
