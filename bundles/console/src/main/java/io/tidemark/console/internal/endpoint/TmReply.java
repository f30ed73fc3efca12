package io.tidemark.console.internal.endpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The answer to one request, as frames. What is written is gathered for a moment, so that a command that prints line by
 * line costs few frames; then a thread of this object sends it. Safe for all threads.
 */
final class TmReply {
    /** Most bytes of one frame. */
    static final int MOST_FRAME_BYTES = 1 << 16;

    private static final int MOST_WAITING_BYTES = 4 * MOST_FRAME_BYTES;
    private static final long GATHER_NANOS = 20_000_000L;

    private final OutputStream socket;
    private final Thread sender;
    private Batch tail = new Batch();
    private boolean urgent;
    private boolean ended;
    private boolean broken;

    /** Bytes that go out together. */
    private static final class Batch {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final ByteArrayOutputStream frame = new ByteArrayOutputStream();
        private char kind;

        void add(char newKind, byte[] source, int offset, int length) {
            if (newKind != kind || frame.size() + length > MOST_FRAME_BYTES) {
                endFrame();
                kind = newKind;
            }
            frame.write(source, offset, length);
        }

        void endFrame() {
            if (frame.size() > 0) {
                raw(kind + " " + frame.size() + "\n");
                bytes.writeBytes(frame.toByteArray());
                frame.reset();
            }
        }

        void raw(String text) {
            bytes.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
        }

        int size() {
            return bytes.size() + frame.size();
        }

        byte[] take() {
            endFrame();
            return bytes.toByteArray();
        }
    }

    /**
     * Starts.
     *
     * @param socket to send to; not closed here
     */
    TmReply(OutputStream socket) {
        this.socket = socket;
        this.sender = new Thread(this::send, "tm-send");
        sender.setDaemon(true);
        sender.start();
    }

    /**
     * A stream whose bytes become frames.
     *
     * @param kind {@code o} or {@code e}
     * @return the stream; fails when the caller went away
     */
    OutputStream stream(char kind) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                for (int done = 0; done < length; done += MOST_FRAME_BYTES) {
                    add(kind, bytes, offset + done, Math.min(MOST_FRAME_BYTES, length - done));
                }
            }
        };
    }

    private synchronized void add(char kind, byte[] bytes, int offset, int length) throws IOException {
        while (tail.size() >= MOST_WAITING_BYTES && !broken) {
            await(Long.MAX_VALUE);
        }
        if (broken || ended) {
            throw new IOException("the caller went away");
        }
        tail.add(kind, bytes, offset, length);
        notifyAll();
    }

    /**
     * Asks, behind everything that was written.
     *
     * @param question to show
     * @throws IOException when the caller went away
     */
    void question(String question) throws IOException {
        byte[] bytes = question.getBytes(StandardCharsets.UTF_8);
        synchronized (this) {
            add('q', bytes, 0, Math.min(bytes.length, MOST_FRAME_BYTES));
            tail.endFrame();
            urgent = true;
            notifyAll();
        }
    }

    /**
     * Ends the answer, and returns when it is sent or cannot be sent.
     *
     * @param status exit status
     * @param timeoutMillis how long to wait for a caller that does not read
     */
    void end(int status, long timeoutMillis) {
        synchronized (this) {
            if (!ended && !broken) {
                tail.endFrame();
                tail.raw("x " + status + "\n");
            }
            ended = true;
            notifyAll();
        }
        try {
            sender.join(timeoutMillis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The caller went away: writers fail from now on. */
    synchronized void abandon() {
        broken = true;
        notifyAll();
    }

    private void send() {
        try {
            byte[] bytes = next();
            while (bytes.length > 0) {
                socket.write(bytes);
                bytes = next();
            }
        } catch (IOException e) {
            abandon();
        }
    }

    /** Waits for bytes and for others to join them; nothing at the end. */
    private synchronized byte[] next() {
        while (tail.size() == 0 && !ended && !broken) {
            await(Long.MAX_VALUE);
        }
        long deadline = System.nanoTime() + GATHER_NANOS;
        while (!ended && !broken && !urgent && tail.size() < MOST_FRAME_BYTES && System.nanoTime() < deadline) {
            await(deadline - System.nanoTime());
        }
        Batch batch = tail;
        tail = new Batch();
        urgent = false;
        notifyAll();
        return broken ? new byte[0] : batch.take();
    }

    /** One wait; every caller asks its condition again. */
    @SuppressWarnings("WaitNotInLoop")
    private void await(long nanos) {
        try {
            if (nanos == Long.MAX_VALUE) {
                wait();
            } else if (nanos > 0) {
                wait(nanos / 1_000_000, (int) (nanos % 1_000_000));
            }
        } catch (InterruptedException e) {
            // A shell interrupts the command that writes; what it has to say is lost then, as it was cancelled.
            Thread.currentThread().interrupt();
            broken = true;
        }
    }
}
