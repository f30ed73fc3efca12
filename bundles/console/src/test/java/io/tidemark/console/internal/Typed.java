package io.tidemark.console.internal;

import io.tidemark.console.internal.command.Commands;
import io.tidemark.console.internal.command.ConsoleCommand;
import io.tidemark.console.internal.command.Failure;
import io.tidemark.console.internal.command.Node;
import io.tidemark.console.internal.run.Execution;
import io.tidemark.console.internal.run.Front;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A command line that was typed, and what came of it. */
public final class Typed implements Front {
    private final StringBuilder out = new StringBuilder();
    private final List<String> steps = new ArrayList<>();
    private final String answer;
    private final int columns;
    private final Path directory;
    private String asked = "";
    private int patience = Integer.MAX_VALUE;
    private Failure failure;

    private Typed(String answer, int columns, Path directory) {
        this.answer = answer;
        this.columns = columns;
        this.directory = directory;
    }

    /** Types a line, words separated by blanks. Nobody is there to answer. */
    public static String run(Node node, String line) throws Failure {
        return run(node, line, null).out.toString();
    }

    /** Types a line, and gives an answer if it is asked. */
    public static Typed run(Node node, String line, String answer) throws Failure {
        return run(node, line, answer, Path.of("/"));
    }

    /** Types a line in a directory. */
    public static Typed run(Node node, String line, String answer, Path directory) throws Failure {
        List<String> words = List.of(line.split(" "));
        Typed typed = new Typed(answer, 0, directory);
        new Execution(command(words.get(0)), node, typed).run(words.subList(1, words.size()));
        return typed;
    }

    /** Types a line that prints something and fails all the same. */
    public static Typed failing(Node node, String line) {
        List<String> words = List.of(line.split(" "));
        Typed typed = new Typed(null, 0, Path.of("/"));
        try {
            new Execution(command(words.get(0)), node, typed).run(words.subList(1, words.size()));
        } catch (Failure e) {
            typed.failure = e;
            return typed;
        }
        throw new AssertionError(line + " did not fail: " + typed.text());
    }

    /** Types a line on a terminal of some width, 0 for none, and goes away after so many outputs. */
    public static Typed watch(Node node, String line, int columns, int outputs) throws Failure {
        List<String> words = List.of(line.split(" "));
        Typed typed = new Typed(null, columns, Path.of("/"));
        typed.patience = outputs;
        new Execution(command(words.get(0)), node, typed).run(words.subList(1, words.size()));
        return typed;
    }

    /** The command of a name. */
    public static ConsoleCommand command(String fullName) {
        return Commands.all().stream()
                .filter(command -> command.spec().fullName().equals(fullName))
                .findFirst()
                .orElseThrow();
    }

    /** What was printed. */
    public String text() {
        return out.toString();
    }

    /** What was shown meanwhile, in turn. */
    public List<String> steps() {
        return steps;
    }

    /** How it failed. */
    public Failure failure() {
        return failure;
    }

    /** What was asked. */
    public String asked() {
        return asked;
    }

    @Override
    public boolean out(String text) {
        out.append(text);
        patience--;
        return patience > 0;
    }

    @Override
    public void progress(String line) {
        steps.add(line);
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public String ask(String question) {
        asked = question;
        return answer;
    }

    @Override
    public Path directory() {
        return directory;
    }
}
