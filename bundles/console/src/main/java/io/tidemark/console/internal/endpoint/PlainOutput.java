package io.tidemark.console.internal.endpoint;

import java.io.IOException;
import java.io.OutputStream;

/** Takes colours and other terminal sequences out, for output that goes to a file or a pipe. For one thread at a time. */
final class PlainOutput extends OutputStream {
    private static final int ESCAPE = 0x1b;

    private final OutputStream target;
    private State state = State.TEXT;

    private enum State {
        TEXT,
        ESCAPED,
        SEQUENCE
    }

    PlainOutput(OutputStream target) {
        this.target = target;
    }

    @Override
    public synchronized void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
        byte[] kept = new byte[length];
        int count = 0;
        for (int i = offset; i < offset + length; i++) {
            if (keeps(bytes[i])) {
                kept[count++] = bytes[i];
            }
        }
        if (count > 0) {
            target.write(kept, 0, count);
        }
    }

    private boolean keeps(byte b) {
        switch (state) {
            case TEXT -> {
                if (b == ESCAPE) {
                    state = State.ESCAPED;
                    return false;
                }
                return true;
            }
            case ESCAPED -> {
                state = b == '[' ? State.SEQUENCE : State.TEXT;
                return false;
            }
            case SEQUENCE -> {
                // Parameters and intermediates lie below '@'; what is not below ends the sequence.
                if (b >= '@' || b < ' ') {
                    state = State.TEXT;
                }
                return false;
            }
        }
        return true;
    }

    @Override
    public void flush() throws IOException {
        target.flush();
    }
}
