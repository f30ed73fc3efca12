package io.tidemark.itests.scripts;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** The server's end of docs/formats/tm.md, for one caller after the other: it has the lock, keeps requests and plays an answer. */
final class FakeNode implements AutoCloseable {
    /** What a caller asked. */
    record Request(String token, int columns, String input, String directory, List<String> words) {}

    /** Plays the answer to one request. */
    interface Answer {
        void play(InputStream in, OutputStream out) throws IOException;
    }

    static final String TOKEN = "0123456789abcdef".repeat(4);

    private final ServerSocket socket;
    private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    private final Thread thread;
    private final Process lock;
    private volatile Answer answer = (in, out) -> out.write(frame('x', 0));

    private FakeNode(ServerSocket socket, Process lock) {
        this.socket = socket;
        this.lock = lock;
        this.thread = new Thread(this::serve, "fake-node");
    }

    static FakeNode start(Path data) throws IOException {
        // Java locks no directories.
        List<String> holder = List.of("flock", "--no-fork", data.toString(), "sh", "-c", "echo held; exec cat");
        Process lock = Shell.start(data, Map.of(), holder);
        if (lock.getInputStream().read() != 'h') {
            throw new AssertionError("no lock on " + data);
        }
        FakeNode node = new FakeNode(new ServerSocket(0, 16, InetAddress.getByName("127.0.0.1")), lock);
        Files.writeString(data.resolve("tm"), node.socket.getLocalPort() + " " + TOKEN + "\n");
        node.thread.start();
        return node;
    }

    void answers(Answer newAnswer) {
        answer = newAnswer;
    }

    /** Whose request is kept. */
    int callers() {
        return requests.size();
    }

    Request request() {
        Request request = requests.poll();
        if (request == null) {
            throw new AssertionError("no request came");
        }
        return request;
    }

    static byte[] frame(char kind, byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write((kind + " " + bytes.length + "\n").getBytes(StandardCharsets.UTF_8));
        out.write(bytes);
        return out.toByteArray();
    }

    static byte[] frame(char kind, String text) throws IOException {
        return frame(kind, text.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] frame(char kind, int status) {
        return (kind + " " + status + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private void serve() {
        while (!socket.isClosed()) {
            try (Socket caller = socket.accept()) {
                InputStream in = caller.getInputStream();
                requests.add(read(in));
                answer.play(in, caller.getOutputStream());
            } catch (IOException e) {
                // Closed: by the test, or by a caller that has had enough.
            }
        }
    }

    private static Request read(InputStream in) throws IOException {
        String[] head = line(in).split(" ");
        if (head.length != 5 || !head[0].equals("TM1")) {
            throw new IOException("not a request: " + String.join(" ", head));
        }
        String directory = block(in);
        List<String> words = new ArrayList<>();
        for (int i = Integer.parseInt(head[4]); i > 0; i--) {
            words.add(block(in));
        }
        return new Request(head[1], Integer.parseInt(head[2]), head[3], directory, words);
    }

    static String line(InputStream in) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("end of input");
            }
            bytes.write(c);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static String block(InputStream in) throws IOException {
        return new String(in.readNBytes(Integer.parseInt(line(in))), StandardCharsets.UTF_8);
    }

    void stopListening() throws IOException {
        socket.close();
    }

    void unlock() {
        lock.destroy();
        lock.onExit().join();
    }

    @Override
    public void close() throws IOException {
        stopListening();
        unlock();
    }
}
