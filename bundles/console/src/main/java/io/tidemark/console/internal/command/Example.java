package io.tidemark.console.internal.command;

/**
 * A command line that works, and what it does.
 *
 * @param line to type
 * @param says what happens
 */
public record Example(String line, String says) {}
