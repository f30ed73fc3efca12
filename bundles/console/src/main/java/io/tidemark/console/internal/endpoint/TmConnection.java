package io.tidemark.console.internal.endpoint;

import io.tidemark.console.internal.command.Failure;
import io.tidemark.console.internal.endpoint.Shell.ShellSession;
import io.tidemark.console.internal.karaf.RemoteCaller;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One caller of {@code ./tm}: reads the request, runs the command, sends what it says. For one thread, apart from close. */
final class TmConnection implements RemoteCaller {
    /** Node is starting. */
    static final int STARTING = 3;

    private static final Logger LOG = LoggerFactory.getLogger(TmConnection.class);
    private static final long LINGER_MILLIS = 10_000;
    private static final String NO_ANSWER = "n";

    private final Socket socket;
    private final String token;
    private final Shell shell;
    private final long requestMillis;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>(1);
    private TmRequest request;
    private TmReply reply;
    private volatile boolean gone;

    TmConnection(Socket socket, String token, Shell shell, long requestMillis) {
        this.socket = socket;
        this.token = token;
        this.shell = shell;
        this.requestMillis = requestMillis;
    }

    /** Serves the caller, and closes the connection. Throws nothing: whatever the caller sends concerns nobody else. */
    void serve() {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(new Timed(socket, requestMillis));
            int status = answer(in);
            reply.end(status, LINGER_MILLIS);
        } catch (IOException e) {
            // Never what was sent: it may hold the token.
            LOG.debug("A caller of the command port was turned away: {}", e.getMessage());
        } finally {
            if (reply != null) {
                reply.abandon();
            }
        }
    }

    private int answer(InputStream in) throws IOException {
        try {
            request = TmRequest.read(in, token);
        } catch (TmRequest.Unreadable e) {
            reply = new TmReply(socket.getOutputStream());
            say('e', e.getMessage());
            return Failure.Kind.USAGE.exitStatus();
        }
        reply = new TmReply(socket.getOutputStream());
        return request.words().isEmpty() ? probe() : command(in);
    }

    private void say(char stream, String line) throws IOException {
        try (OutputStream out = reply.stream(stream)) {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    private int probe() throws IOException {
        Readiness readiness = shell.readiness();
        say(readiness.state() == Readiness.State.SERVING ? 'o' : 'e', readiness.line());
        return switch (readiness.state()) {
            case SERVING -> 0;
            case STARTING -> STARTING;
            case BROKEN -> 1;
        };
    }

    private int command(InputStream in) throws IOException {
        socket.setSoTimeout(0);
        try (ShellSession session = shell.open(this, request.directory(), reply.stream('o'), reply.stream('e'))) {
            Thread watcher = new Thread(() -> watch(in, session), "tm-watch");
            watcher.setDaemon(true);
            watcher.start();
            return session.run(request.words());
        }
    }

    /** Takes answers, and cancels the command when the caller goes away. Ends when the connection is closed. */
    private void watch(InputStream in, ShellSession session) {
        try {
            while (true) {
                String line = TmRequest.line(in);
                if (line.equals(NO_ANSWER)) {
                    answers.offer(NO_ANSWER);
                } else if (line.startsWith("a ")) {
                    int length = TmRequest.number(line.substring(2), TmReply.MOST_FRAME_BYTES);
                    byte[] answer = in.readNBytes(length);
                    answers.offer("a" + new String(answer, StandardCharsets.UTF_8));
                } else {
                    throw new TmRequest.Refused("neither an answer nor the end");
                }
            }
        } catch (IOException e) {
            gone = true;
            reply.abandon();
            answers.offer(NO_ANSWER);
            session.cancel();
        }
    }

    @Override
    public int columns() {
        return request.columns();
    }

    @Override
    public String ask(String question) throws IOException {
        if (!request.interactive()) {
            return null;
        }
        answers.clear();
        if (gone) {
            throw new IOException("the caller went away");
        }
        reply.question(question);
        try {
            String answer = answers.take();
            return answer.equals(NO_ANSWER) ? null : answer.substring(1);
        } catch (InterruptedException e) {
            throw new IOException("the question was broken off", e);
        }
    }

    /** Reads a socket, but not for longer than a time in all. */
    private static final class Timed extends InputStream {
        private final Socket socket;
        private final InputStream in;
        private final long deadlineNanos;

        Timed(Socket socket, long millis) throws IOException {
            this.socket = socket;
            this.in = socket.getInputStream();
            this.deadlineNanos = System.nanoTime() + millis * 1_000_000;
            socket.setSoTimeout(1);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            // 0 means that the request is there and the time no longer counts.
            if (socket.getSoTimeout() != 0) {
                long leftMillis = (deadlineNanos - System.nanoTime()) / 1_000_000;
                if (leftMillis <= 0) {
                    throw new SocketTimeoutException("the request did not come in time");
                }
                socket.setSoTimeout((int) leftMillis);
            }
            return in.read(bytes, offset, length);
        }
    }
}
