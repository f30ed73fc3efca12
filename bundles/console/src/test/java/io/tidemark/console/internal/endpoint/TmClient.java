package io.tidemark.console.internal.endpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Talks to the command port as {@code ./tm} does. */
final class TmClient implements AutoCloseable {
    private final Socket socket;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private String asked = "";

    TmClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
    }

    static int port(Path file) throws IOException {
        return Integer.parseInt(Files.readString(file).trim().split(" ")[0]);
    }

    static String token(Path file) throws IOException {
        return Files.readString(file).trim().split(" ")[1];
    }

    static TmClient call(Path file, int columns, String input, String... words) throws IOException {
        TmClient client = new TmClient(port(file));
        client.send(request(token(file), columns, input, words));
        return client;
    }

    static byte[] request(String token, int columns, String input, String... words) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(("TM1 " + token + " " + columns + " " + input + " " + words.length + "\n4\n/tmp")
                .getBytes(StandardCharsets.UTF_8));
        for (String word : words) {
            byte[] block = word.getBytes(StandardCharsets.UTF_8);
            bytes.writeBytes((block.length + "\n").getBytes(StandardCharsets.UTF_8));
            bytes.writeBytes(block);
        }
        return bytes.toByteArray();
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    /** Reads frames to the end; answers questions with a line, or with the end of input when it is null. */
    int finish(String answer) throws IOException {
        socket.setSoTimeout(20_000);
        InputStream in = socket.getInputStream();
        while (true) {
            String line = TmRequest.line(in);
            int number = Integer.parseInt(line.substring(2));
            switch (line.charAt(0)) {
                case 'o' -> out.writeBytes(in.readNBytes(number));
                case 'e' -> err.writeBytes(in.readNBytes(number));
                case 'q' -> {
                    asked = new String(in.readNBytes(number), StandardCharsets.UTF_8);
                    send((answer == null ? "n\n" : "a " + answer.length() + "\n" + answer)
                            .getBytes(StandardCharsets.UTF_8));
                }
                case 'x' -> {
                    return number;
                }
                default -> throw new IOException("what is " + line);
            }
        }
    }

    /** Whether the server has closed the connection without a word. */
    boolean turnedAway() throws IOException {
        socket.setSoTimeout(20_000);
        try {
            return socket.getInputStream().read() < 0;
        } catch (java.net.SocketException e) {
            return true;
        }
    }

    /** Waits for the first frame. */
    String firstLine() throws IOException {
        socket.setSoTimeout(20_000);
        return TmRequest.line(socket.getInputStream());
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    String asked() {
        return asked;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
