package io.tidemark.console.internal.command;

import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Sizes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command line, sorted. Options may stand anywhere before {@code --}, as {@code --pool fast} or {@code --pool=fast}:
 * Karaf's own parser takes them only before the first argument, and nobody types them there.
 */
public final class Arguments {
    private final Map<String, List<String>> parameters = new HashMap<>();
    private final Map<String, List<String>> options = new HashMap<>();

    private Arguments() {}

    /**
     * Sorts a command line.
     *
     * @param spec what the command takes
     * @param words behind the command's name
     * @return the arguments
     * @throws Failure USAGE, naming the word that is wrong
     */
    public static Arguments parse(Spec spec, List<String> words) throws Failure {
        Arguments arguments = new Arguments();
        List<String> plain = new ArrayList<>();
        int i = 0;
        while (i < words.size()) {
            String word = words.get(i++);
            if (word.equals("--")) {
                plain.addAll(words.subList(i, words.size()));
                break;
            }
            if (isOption(word)) {
                i = arguments.takeOption(spec, words, word, i);
            } else {
                plain.add(word);
            }
        }
        if (!arguments.has(Option.HELP.name())) {
            arguments.takePlain(spec, plain);
        }
        return arguments;
    }

    /** How long ago something was, as -10m, is none. */
    static boolean isOption(String word) {
        return word.length() > 1 && word.charAt(0) == '-' && !Character.isDigit(word.charAt(1));
    }

    private int takeOption(Spec spec, List<String> words, String word, int next) throws Failure {
        int equals = word.indexOf('=');
        String name = equals < 0 ? word : word.substring(0, equals);
        Option option = spec.option(name.equals("-h") ? Option.HELP.name() : name);
        if (option == null) {
            throw wrong(spec, "takes no option " + name + known(spec));
        }
        if (options.containsKey(option.name()) && !option.repeated()) {
            throw wrong(spec, "was given " + option.name() + " twice");
        }
        if (option.isSwitch()) {
            if (equals >= 0) {
                throw wrong(spec, "takes no value for " + option.name());
            }
            options.put(option.name(), List.of(""));
            return next;
        }
        if (equals >= 0) {
            add(spec, option, word.substring(equals + 1));
            return next;
        }
        if (next >= words.size()) {
            throw wrong(spec, "needs a value behind " + option.name() + ", as in " + option.usage());
        }
        add(spec, option, words.get(next));
        return next + 1;
    }

    /** What a script lost on the way must not become the default: another pool, or the end of what was received. */
    private void add(Spec spec, Option option, String value) throws Failure {
        if (value.isEmpty() && !option.mayBeEmpty()) {
            throw wrong(
                    spec,
                    "was given an empty value for " + option.name() + "; leave the option out where nothing is meant");
        }
        options.computeIfAbsent(option.name(), k -> new ArrayList<>()).add(value);
    }

    private static String known(Spec spec) {
        if (spec.options().isEmpty()) {
            return "";
        }
        return "; it takes "
                + String.join(", ", spec.options().stream().map(Option::name).toList());
    }

    private void takePlain(Spec spec, List<String> plain) throws Failure {
        for (int i = 0; i < plain.size(); i++) {
            Parameter parameter = spec.parameter(i);
            if (parameter == null) {
                throw wrong(spec, "does not take '" + plain.get(i) + "'");
            }
            if (plain.get(i).isEmpty()) {
                throw wrong(
                        spec,
                        "was given an empty " + parameter.name() + "; "
                                + (parameter.optional() ? "leave it out where nothing is meant" : "say which"));
            }
            parameters.computeIfAbsent(parameter.name(), k -> new ArrayList<>()).add(plain.get(i));
        }
        for (Parameter parameter : spec.parameters()) {
            if (!parameter.optional() && !parameters.containsKey(parameter.name())) {
                throw wrong(spec, "needs " + parameter.name());
            }
        }
    }

    private static Failure wrong(Spec spec, String what) {
        return Failure.usage(
                spec.fullName() + " " + what + "\nUsage: " + spec.usage() + "\nMore: " + spec.fullName() + " --help");
    }

    /**
     * A parameter.
     *
     * @param name in capitals
     * @return its word; empty text when an optional one is missing
     */
    public String text(String name) {
        return parameters.getOrDefault(name, List.of("")).get(0);
    }

    /**
     * A repeated parameter.
     *
     * @param name in capitals
     * @return its words
     */
    public List<String> texts(String name) {
        return List.copyOf(parameters.getOrDefault(name, List.of()));
    }

    /**
     * Whether an option was given.
     *
     * @param option with its dashes
     * @return true when it was
     */
    public boolean has(String option) {
        return options.containsKey(option);
    }

    /**
     * The value of an option.
     *
     * @param option with its dashes
     * @return empty when it was not given
     */
    public Optional<String> value(String option) {
        return values(option).stream().findFirst();
    }

    /**
     * The values of an option that may be given several times.
     *
     * @param option with its dashes
     * @return empty when it was not given
     */
    public List<String> values(String option) {
        return List.copyOf(options.getOrDefault(option, List.of()));
    }

    /**
     * A parameter that is a size.
     *
     * @param name in capitals
     * @return bytes
     * @throws Failure USAGE when it is none
     */
    public long size(String name) throws Failure {
        return size(name, text(name));
    }

    /**
     * An option that is a size.
     *
     * @param option with its dashes
     * @param otherwise when it was not given
     * @return bytes
     * @throws Failure USAGE when it is none
     */
    public long size(String option, long otherwise) throws Failure {
        return has(option) ? size(option, value(option).orElseThrow()) : otherwise;
    }

    private static long size(String what, String text) throws Failure {
        try {
            return Sizes.parse(text);
        } catch (IllegalArgumentException e) {
            throw Failure.usage(what + ": " + e.getMessage());
        }
    }

    /**
     * An option that is a duration.
     *
     * @param option with its dashes
     * @return empty when it was not given
     * @throws Failure USAGE when it is none
     */
    public Optional<Duration> duration(String option) throws Failure {
        return has(option) ? Optional.of(duration(option, value(option).orElseThrow())) : Optional.empty();
    }

    /**
     * A parameter that is a duration.
     *
     * @param name in capitals
     * @return not negative
     * @throws Failure USAGE when it is none
     */
    public Duration durationOf(String name) throws Failure {
        return duration(name, text(name));
    }

    private static Duration duration(String what, String text) throws Failure {
        try {
            return Durations.parse(text);
        } catch (IllegalArgumentException e) {
            throw Failure.usage(what + ": " + e.getMessage());
        }
    }

    /**
     * An option that is a whole number.
     *
     * @param option with its dashes
     * @param otherwise when it was not given
     * @return not negative
     * @throws Failure USAGE when it is none
     */
    public long count(String option, long otherwise) throws Failure {
        if (!has(option)) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(value(option).orElseThrow());
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // falls through to the message, which is the same for both
        }
        throw Failure.usage(option + ": '" + value(option).orElseThrow() + "' is no whole number from 0 on");
    }
}
