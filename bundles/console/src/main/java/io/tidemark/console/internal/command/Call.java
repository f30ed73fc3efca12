package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.base.text.Json;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One use of a command.
 *
 * @param arguments sorted
 * @param node to act on
 * @param caller who called
 */
public record Call(Arguments arguments, Node node, Caller caller) {
    /** What a command with something to show takes. */
    public static final String JSON = "--json";

    /**
     * The images.
     *
     * @return the manager
     * @throws StorageException UNAVAILABLE while there is no engine
     */
    public ImageManager images() throws StorageException {
        return node.images();
    }

    /**
     * Whether the output is for machines.
     *
     * @return true when {@code --json} was given
     */
    public boolean json() {
        return arguments.has(JSON);
    }

    /**
     * Prints a line.
     *
     * @param line without its line break
     */
    public void line(String line) {
        caller.out(line + "\n");
    }

    /**
     * Prints a value as JSON.
     *
     * @param value of maps, lists and plain values
     */
    public void printJson(Object value) {
        caller.out(Json.write(value) + "\n");
    }

    /**
     * A file that an argument names.
     *
     * @param name relative ones count from the caller's directory
     * @return absolute
     */
    public Path file(String name) {
        return caller.directory().resolve(name).normalize();
    }

    /**
     * A file that a command is to make.
     *
     * @param argument that names it
     * @param force option that lets it replace one
     * @return absolute
     * @throws Failure when it is there and may not be replaced, or is no file: a device would be gone, and a file in its place
     */
    public Path newFile(String argument, String force) throws Failure {
        Path file = file(arguments.text(argument));
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw Failure.failed(file + " is there and is no file; take another name. Nothing was done.");
        }
        if (Files.exists(file) && !arguments.has(force)) {
            throw Failure.failed(file + " is there already; take another name, or say " + force + " to replace it");
        }
        return file;
    }

    /**
     * Asks before something that cannot be taken back.
     *
     * @param what is going to happen, as a sentence
     * @param option that answers beforehand
     * @throws Failure when the answer is no, or nobody is there to give it
     */
    public void confirm(String what, String option) throws Failure {
        if (arguments.has(option)) {
            return;
        }
        String answer = caller.ask(what + " Go on? [y/N] ");
        if (answer == null && caller.cancelled()) {
            throw Failure.cancelled("Nothing was done.");
        }
        if (answer == null) {
            throw Failure.failed(
                    what + " Nobody is there to confirm it; say " + option + " to go on. Nothing was done.");
        }
        String trimmed = answer.trim();
        if (!trimmed.equalsIgnoreCase("y") && !trimmed.equalsIgnoreCase("yes")) {
            throw Failure.cancelled("Nothing was done.");
        }
    }
}
