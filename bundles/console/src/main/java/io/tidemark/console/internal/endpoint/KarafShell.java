package io.tidemark.console.internal.endpoint;

import io.tidemark.console.internal.command.Failure;
import io.tidemark.console.internal.karaf.RemoteCaller;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.security.auth.Subject;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;
import org.apache.felix.service.command.Function;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.apache.karaf.shell.support.CommandException;

/** Runs the commands of {@code ./tm} in Karaf's shell, as its local console would. Safe for all threads. */
public final class KarafShell implements Shell {
    private static final int FAILED = 1;
    private static final int USAGE = 2;
    private static final int STARTING = 3;

    /** How Karaf's own commands begin a message about a line that they do not take. */
    private static final Pattern USAGE_MESSAGE = Pattern.compile(
            "(Undefined option|Missing value for option|Too many arguments|Unable to convert|(Option|Argument) \\S+ is required).*",
            Pattern.DOTALL);

    private final SessionFactory factory;
    private final Subject subject;
    private final Set<String> gated;
    private final Supplier<Readiness> readiness;

    /** Set for good when the node has served once: later an image may recover beside others that serve. */
    private volatile boolean started;

    /**
     * A shell.
     *
     * @param factory of Karaf's sessions
     * @param subject on whose behalf commands run
     * @param gated full names of commands that wait until the node has started; all others run as soon as they are there
     * @param readiness whether the node serves now
     */
    public KarafShell(SessionFactory factory, Subject subject, Set<String> gated, Supplier<Readiness> readiness) {
        this.factory = factory;
        this.subject = subject;
        this.gated = Set.copyOf(gated);
        this.readiness = readiness;
    }

    @Override
    public Readiness readiness() {
        return readiness.get();
    }

    @Override
    public ShellSession open(RemoteCaller caller, Path directory, OutputStream out, OutputStream err) {
        return session(caller, directory, out, err);
    }

    /**
     * Runs a command that only looks, and drops what it says: the first person's command then finds the shell loaded. Runs
     * whether the node serves or not.
     *
     * @param words name and arguments
     */
    public void rehearse(List<String> words) {
        OutputStream nowhere = OutputStream.nullOutputStream();
        try (KarafSession session = session(new Nobody(), Path.of("/"), nowhere, nowhere)) {
            session.execute(words);
        }
    }

    private KarafSession session(RemoteCaller caller, Path directory, OutputStream out, OutputStream err) {
        boolean terminal = caller.columns() > 0;
        PrintStream plainOut = print(terminal ? out : new PlainOutput(out));
        PrintStream plainErr = print(terminal ? err : new PlainOutput(err));
        Session session = factory.create(new ByteArrayInputStream(new byte[0]), plainOut, plainErr);
        session.put(RemoteCaller.VARIABLE, caller);
        session.currentDir(directory);
        return new KarafSession(session, plainOut, plainErr);
    }

    private static PrintStream print(OutputStream stream) {
        return new PrintStream(stream, true, StandardCharsets.UTF_8);
    }

    /** Nobody calls, nobody answers. */
    private static final class Nobody implements RemoteCaller {
        @Override
        public int columns() {
            return 0;
        }

        @Override
        public String ask(String question) {
            return null;
        }
    }

    /** One session of Karaf's shell. */
    private final class KarafSession implements ShellSession {
        private final Session session;
        private final CommandSession gogo;
        private final PrintStream out;
        private final PrintStream err;
        private volatile boolean cancelled;

        KarafSession(Session session, PrintStream out, PrintStream err) {
            this.session = session;
            this.gogo = (CommandSession) session.get(".commandSession");
            this.out = out;
            this.err = err;
        }

        @Override
        public int run(List<String> words) {
            String name = words.get(0);
            boolean known = GogoQuote.isName(name) && isThere(name);
            Readiness now = started ? null : readiness.get();
            if (now != null && now.state() != Readiness.State.STARTING) {
                started = true;
                now = null;
            }
            if (now != null && (!known || gated.contains(session.resolveCommand(name)))) {
                return fail(STARTING, now.line());
            }
            return known ? execute(words) : unknown(name);
        }

        private int unknown(String name) {
            return fail(USAGE, "there is no command " + name + "; help lists them all, as ./tm help");
        }

        private boolean isThere(String name) {
            return gogo.get(name) instanceof Function
                    || (name.indexOf(':') < 0 && gogo.get("*:" + name) instanceof Function);
        }

        private int execute(List<String> words) {
            try {
                String line = GogoQuote.line(words);
                PrivilegedExceptionAction<Object> action = () -> gogo.execute(line);
                Object result = Subject.doAs(subject, action);
                if (result != null && !(result instanceof Integer)) {
                    out.println(gogo.format(result, Converter.INSPECT));
                }
                return 0;
            } catch (PrivilegedActionException e) {
                return failed(words.get(0), e.getException());
            } catch (RuntimeException e) {
                return failed(words.get(0), e);
            }
        }

        private int failed(String name, Throwable thrown) {
            if (thrown.getCause() instanceof Failure failure) {
                return fail(failure.kind().exitStatus(), failure.getMessage());
            }
            if (cancelled) {
                return Failure.Kind.CANCELLED.exitStatus();
            }
            // Of gogo's own package, which the shell does not export. The shell says so of commands that a role hides,
            // too.
            if (thrown.getClass().getSimpleName().equals("CommandNotFoundException")) {
                return unknown(name);
            }
            String message = thrown.getMessage() == null ? thrown.getClass().getName() : thrown.getMessage();
            if (thrown instanceof CommandException
                    && USAGE_MESSAGE.matcher(message).matches()) {
                return fail(USAGE, name + ": " + message + "\nMore: " + name + " --help");
            }
            return fail(FAILED, name + ": " + message);
        }

        private int fail(int status, String message) {
            out.flush();
            err.println(message);
            err.flush();
            return status;
        }

        @Override
        public void cancel() {
            cancelled = true;
            // Interrupts the threads of this session only. Our commands wait there; the engine's threads are others.
            session.close();
        }

        @Override
        public void close() {
            out.flush();
            err.flush();
            session.close();
        }
    }
}
