package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Finds what may come next on a command line. Follows the same rules as {@link Arguments}. Stateless. */
public final class TabCompletion {
    private TabCompletion() {}

    /**
     * What may stand at the cursor.
     *
     * @param spec of the command
     * @param node to look at
     * @param before words between the command's name and the word at the cursor
     * @param word the word at the cursor, up to the cursor
     * @return candidates that begin with the word
     */
    public static List<Candidate> candidates(Spec spec, Node node, List<String> before, String word) {
        List<Candidate> found;
        try {
            found = find(spec, node, before, word);
        } catch (StorageException e) {
            // Tab is no place for an error; the command itself will tell.
            return List.of();
        }
        return found.stream()
                .filter(candidate -> candidate.value().startsWith(word))
                .toList();
    }

    private static List<Candidate> find(Spec spec, Node node, List<String> before, String word)
            throws StorageException {
        Set<String> given = new HashSet<>();
        Option open = null;
        int plain = 0;
        boolean onlyPlain = false;
        for (String one : before) {
            if (open != null) {
                open = null;
            } else if (onlyPlain || !Arguments.isOption(one)) {
                plain++;
            } else if (one.equals("--")) {
                onlyPlain = true;
            } else {
                Option option = spec.option(nameOf(one));
                given.add(nameOf(one));
                open = option != null && !option.isSwitch() && one.indexOf('=') < 0 ? option : null;
            }
        }
        if (open != null) {
            return open.completion().candidates(node, word);
        }
        if (word.startsWith("-") && !onlyPlain) {
            return word.indexOf('=') < 0 ? options(spec, given) : valueOf(spec, node, word);
        }
        Parameter parameter = spec.parameter(plain);
        List<Candidate> found = new ArrayList<>();
        if (parameter != null) {
            found.addAll(parameter.completion().candidates(node, word));
        }
        boolean mayEnd = plain >= spec.parameters().size()
                || spec.parameters().get(plain).optional();
        if (word.isEmpty() && mayEnd && !onlyPlain) {
            found.addAll(options(spec, given));
        }
        return found;
    }

    private static String nameOf(String word) {
        int equals = word.indexOf('=');
        return equals < 0 ? word : word.substring(0, equals);
    }

    private static List<Candidate> options(Spec spec, Set<String> given) {
        List<Candidate> found = new ArrayList<>();
        for (Option option : spec.options()) {
            if (option.repeated() || !given.contains(option.name())) {
                found.add(Candidate.word(option.name(), option.help()));
            }
        }
        if (given.isEmpty()) {
            found.add(Candidate.word(Option.HELP.name(), Option.HELP.help()));
        }
        return found;
    }

    private static List<Candidate> valueOf(Spec spec, Node node, String word) throws StorageException {
        Option option = spec.option(nameOf(word));
        if (option == null || option.isSwitch()) {
            return List.of();
        }
        String prefix = nameOf(word) + "=";
        List<Candidate> found = new ArrayList<>();
        for (Candidate value : option.completion().candidates(node, word.substring(prefix.length()))) {
            found.add(new Candidate(prefix + value.value(), value.says(), value.whole()));
        }
        return found;
    }
}
