package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;

/** One command. Stateless; knows nothing of Karaf, sockets or terminals. Safe for all threads. */
public interface ConsoleCommand {
    /**
     * What it is called, takes and does.
     *
     * @return always the same
     */
    Spec spec();

    /**
     * Does it. Returns only when what it printed is so. Runs on a thread of its own that nobody interrupts: an interrupt
     * closes a file for all its users.
     *
     * @param call arguments, node and caller
     * @throws Failure what the user has to know
     * @throws StorageException what the user has to know, from below
     */
    void run(Call call) throws Failure, StorageException;
}
