package io.tidemark.console.internal.karaf;

import io.tidemark.console.internal.run.Front;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.karaf.shell.api.console.Session;

/**
 * A command's caller in Karaf's shell. Standard output is {@link System#out}, which the shell points at the right place
 * for the thread that runs a command, pipes and redirections included.
 */
final class KarafFront implements Front {
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final Session session;
    private final RemoteCaller remote;

    KarafFront(Session session) {
        this.session = session;
        this.remote = session.get(RemoteCaller.VARIABLE) instanceof RemoteCaller caller ? caller : null;
    }

    @Override
    public boolean out(String text) {
        return write(System.out, text);
    }

    private static boolean write(PrintStream stream, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        stream.write(bytes, 0, bytes.length);
        stream.flush();
        return !stream.checkError();
    }

    @Override
    public void progress(String line) {
        int most = Math.max(1, columns() - 1);
        write(System.err, CLEAR_LINE + (line.length() > most ? line.substring(0, most) : line));
    }

    @Override
    public int columns() {
        if (remote != null) {
            return remote.columns();
        }
        return session.getTerminal() == null ? 0 : session.getTerminal().getWidth();
    }

    @Override
    public String ask(String question) throws IOException {
        if (remote != null) {
            return remote.ask(question);
        }
        if (session.getTerminal() == null) {
            return null;
        }
        try {
            return session.readLine(question, null);
        } catch (UnsupportedOperationException e) {
            return null;
        } catch (RuntimeException e) {
            // The line reader says Ctrl-C and Ctrl-D with exceptions of its own, whose package is not ours to import.
            throw new IOException("the question was broken off", e);
        }
    }

    @Override
    public Path directory() {
        return session.currentDir();
    }
}
