package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Order;

/** An order of a peer while it is being done. For the one worker that does it, {@link #quit} excepted. */
public final class GivenOrder {
    private final PeerLink link;
    private final int number;
    private final Order order;
    private final Gate gate;
    private final Gate sending;
    private volatile boolean quit;

    GivenOrder(PeerLink link, int number, Order order, Gate gate, Gate sending) {
        this.link = link;
        this.number = number;
        this.order = order;
        this.gate = gate;
        this.sending = sending;
    }

    /**
     * Who gave it.
     *
     * @return the peer as it is called here
     */
    public String peer() {
        return link.peer();
    }

    /**
     * What.
     *
     * @return the order
     */
    public Order order() {
        return order;
    }

    /**
     * Waits a while, less when the one who gave it no longer waits.
     *
     * @param nanos at most so long
     */
    public void pause(long nanos) {
        gate.await(nanos);
    }

    /**
     * Says how far it is.
     *
     * @param done so much of it
     * @param total all of it; negative when unknown
     * @param words what is being done
     */
    public void working(long done, long total, String words) {
        link.send(sending, number, new Answer.Working(Math.max(0, done), Math.max(-1, total), words));
    }

    /**
     * Fails when the one who gave it no longer waits for it.
     *
     * @throws StorageException CLOSED
     */
    public void checkWaited() throws StorageException {
        if (quit || !link.isOpen()) {
            throw new StorageException(Reason.CLOSED, peer() + " no longer waits for it", "");
        }
    }

    void answer(Answer answer) {
        link.send(sending, number, answer);
    }

    /** By the link's worker. */
    void quit() {
        quit = true;
        gate.open();
    }
}
