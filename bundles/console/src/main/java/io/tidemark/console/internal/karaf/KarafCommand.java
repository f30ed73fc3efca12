package io.tidemark.console.internal.karaf;

import io.tidemark.console.internal.command.ConsoleCommand;
import io.tidemark.console.internal.command.Failure;
import io.tidemark.console.internal.command.Node;
import io.tidemark.console.internal.run.Execution;
import java.util.List;
import java.util.Objects;
import org.apache.karaf.shell.api.console.Command;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Parser;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.CommandException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One of our commands as Karaf's shell knows commands.
 *
 * <p>Karaf can also make commands from annotated classes. Its parser then takes options only before the first argument
 * ({@code image:create --pool fast vm1 10G}), which is not how {@code image:create vm1 10G --pool fast} is typed, and its
 * messages for a wrong line are not ours. So the commands are registered here, with their own parser.
 */
public final class KarafCommand implements Command {
    private static final Logger LOG = LoggerFactory.getLogger(KarafCommand.class);

    private final ConsoleCommand command;
    private final Node node;

    /**
     * Wraps a command.
     *
     * @param command to wrap
     * @param node that it acts on
     */
    public KarafCommand(ConsoleCommand command, Node node) {
        this.command = command;
        this.node = node;
    }

    @Override
    public String getScope() {
        return command.spec().scope();
    }

    @Override
    public String getName() {
        return command.spec().name();
    }

    @Override
    public String getDescription() {
        return command.spec().summary();
    }

    @Override
    public Completer getCompleter(boolean scoped) {
        return new KarafCompleter(command.spec(), node, scoped);
    }

    @Override
    public Parser getParser() {
        return null;
    }

    @Override
    public Object execute(Session session, List<Object> arguments) throws Exception {
        List<String> words = arguments.stream().map(Objects::toString).toList();
        try {
            new Execution(command, node, new KarafFront(session)).run(words);
        } catch (Failure failure) {
            if (failure.getCause() instanceof RuntimeException || failure.getCause() instanceof Error) {
                LOG.error("{} failed", command.spec().fullName(), failure.getCause());
            }
            // The first text is what the shell shows, the second what others read. Only this very class is shown as it
            // is.
            throw new CommandException(failure.getMessage(), failure.getMessage(), failure);
        }
        return null;
    }
}
