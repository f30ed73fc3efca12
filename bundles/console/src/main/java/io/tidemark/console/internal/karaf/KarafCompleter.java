package io.tidemark.console.internal.karaf;

import io.tidemark.console.internal.command.Node;
import io.tidemark.console.internal.command.Spec;
import io.tidemark.console.internal.command.TabCompletion;
import java.util.Arrays;
import java.util.List;
import org.apache.karaf.shell.api.console.Candidate;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;

/** Tab in Karaf's shell, for one command. */
final class KarafCompleter implements Completer {
    private final Spec spec;
    private final Node node;
    private final boolean scoped;

    KarafCompleter(Spec spec, Node node, boolean scoped) {
        this.spec = spec;
        this.node = node;
        this.scoped = scoped;
    }

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        find(session, line).forEach(candidate -> candidates.add(candidate.value()));
        return 0;
    }

    @Override
    public void completeCandidates(Session session, CommandLine line, List<Candidate> candidates) {
        candidates.addAll(find(session, line));
    }

    private List<Candidate> find(Session session, CommandLine line) {
        int index = line.getCursorArgumentIndex();
        if (index == 0) {
            return List.of(candidate(scoped ? spec.name() : spec.fullName(), spec.summary(), true));
        }
        String[] words = line.getArguments();
        if (!session.resolveCommand(words[0]).equals(spec.fullName())) {
            return List.of();
        }
        String word = line.getCursorArgument();
        String typed = word == null ? "" : word.substring(0, Math.min(line.getArgumentPosition(), word.length()));
        List<String> before = Arrays.asList(words).subList(1, Math.min(index, words.length));
        return TabCompletion.candidates(spec, node, before, typed).stream()
                .map(found -> candidate(found.value(), found.says(), found.whole()))
                .toList();
    }

    private static Candidate candidate(String value, String says, boolean whole) {
        return new Candidate(value, value, null, says.isEmpty() ? null : says, null, null, whole);
    }
}
