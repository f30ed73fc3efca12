package io.tidemark.console.internal.command;

/**
 * Something that Tab offers.
 *
 * @param value the word, or its beginning
 * @param says what it stands for; may be empty
 * @param whole whether a blank follows the word
 */
public record Candidate(String value, String says, boolean whole) {
    /**
     * A whole word.
     *
     * @param value the word
     * @param says what it stands for
     * @return the candidate
     */
    public static Candidate word(String value, String says) {
        return new Candidate(value, says, true);
    }
}
