package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;

/**
 * A command put together from its description and what it does.
 *
 * @param spec what it is called and takes
 * @param action what it does
 */
record SimpleCommand(Spec spec, Action action) implements ConsoleCommand {
    /** What a command does. */
    @FunctionalInterface
    interface Action {
        /** See {@link ConsoleCommand#run}. */
        void run(Call call) throws Failure, StorageException;
    }

    @Override
    public void run(Call call) throws Failure, StorageException {
        action.run(call);
    }
}
