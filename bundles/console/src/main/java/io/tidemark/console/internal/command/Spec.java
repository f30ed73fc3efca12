package io.tidemark.console.internal.command;

import java.util.ArrayList;
import java.util.List;

/**
 * What a command is called, takes and does: help, Tab completion, the parser and the reference all come from it.
 *
 * @param scope first half of the name
 * @param name second half
 * @param summary one line
 * @param detail what else to know; may be empty
 * @param parameters in order
 * @param options in the order in which help shows them
 * @param choice names of options of which one has to be given; empty for none
 * @param examples at least one
 */
public record Spec(
        String scope,
        String name,
        String summary,
        String detail,
        List<Parameter> parameters,
        List<Option> options,
        List<String> choice,
        List<Example> examples) {
    /** Copies the lists. */
    public Spec {
        parameters = List.copyOf(parameters);
        options = List.copyOf(options);
        choice = List.copyOf(choice);
        examples = List.copyOf(examples);
    }

    /**
     * What is typed.
     *
     * @return {@code SCOPE:NAME}
     */
    public String fullName() {
        return scope + ":" + name;
    }

    /**
     * The option of a name.
     *
     * @param option with its dashes
     * @return the option, or null
     */
    Option option(String option) {
        if (option.equals(Option.HELP.name())) {
            return Option.HELP;
        }
        return options.stream().filter(o -> o.name().equals(option)).findFirst().orElse(null);
    }

    /**
     * The parameter at a place.
     *
     * @param index from 0, options not counted
     * @return the parameter, or null when there are not so many
     */
    Parameter parameter(int index) {
        if (index < parameters.size()) {
            return parameters.get(index);
        }
        Parameter last = parameters.isEmpty() ? null : parameters.get(parameters.size() - 1);
        return last != null && last.repeated() ? last : null;
    }

    /**
     * One line that shows what the command takes.
     *
     * @return as {@code mirror:enable IMAGE --to PEER [OPTIONS]}
     */
    public String usage() {
        StringBuilder line = new StringBuilder(fullName());
        parameters.forEach(p -> line.append(' ').append(p.usage()));
        options.stream().filter(Option::needed).forEach(o -> line.append(' ').append(o.usage()));
        if (!choice.isEmpty()) {
            List<String> one = choice.stream().map(name -> option(name).usage()).toList();
            line.append(' ').append(String.join("|", one));
        }
        boolean all = options.stream().allMatch(o -> o.needed() || choice.contains(o.name()));
        return line.append(all ? "" : " [OPTIONS]").toString();
    }

    /**
     * Starts a description.
     *
     * @param fullName {@code SCOPE:NAME}
     * @param summary one line, ending with a full stop
     * @return the builder
     */
    public static Builder of(String fullName, String summary) {
        return new Builder(fullName, summary);
    }

    /** Puts a description together. */
    public static final class Builder {
        private final String fullName;
        private final String summary;
        private String detail = "";
        private final List<Parameter> parameters = new ArrayList<>();
        private final List<Option> options = new ArrayList<>();
        private List<String> choice = List.of();
        private final List<Example> examples = new ArrayList<>();

        private Builder(String fullName, String summary) {
            this.fullName = fullName;
            this.summary = summary;
        }

        /**
         * What else to know.
         *
         * @param text sentences
         * @return this
         */
        public Builder detail(String text) {
            detail = text;
            return this;
        }

        /**
         * A parameter that must be there.
         *
         * @param name in capitals
         * @param help one sentence
         * @param completion what Tab offers
         * @return this
         */
        public Builder takes(String name, String help, Completion completion) {
            parameters.add(new Parameter(name, help, false, false, completion));
            return this;
        }

        /**
         * A parameter that may be left out. The last one.
         *
         * @param name in capitals
         * @param help one sentence
         * @param completion what Tab offers
         * @return this
         */
        public Builder mayTake(String name, String help, Completion completion) {
            parameters.add(new Parameter(name, help, true, false, completion));
            return this;
        }

        /**
         * A parameter that takes one word or more. The last one.
         *
         * @param name in capitals
         * @param help one sentence
         * @param completion what Tab offers
         * @return this
         */
        public Builder takesMany(String name, String help, Completion completion) {
            parameters.add(new Parameter(name, help, false, true, completion));
            return this;
        }

        /**
         * An option with a value.
         *
         * @param name with its dashes
         * @param value in capitals
         * @param help one sentence
         * @param completion what Tab offers
         * @return this
         */
        public Builder option(String name, String value, String help, Completion completion) {
            options.add(new Option(name, value, help, completion, false, false));
            return this;
        }

        /**
         * An option with a value that must be there. The command says what is missing without it.
         *
         * @param name with its dashes
         * @param value in capitals
         * @param help one sentence
         * @param completion what Tab offers
         * @return this
         */
        public Builder needs(String name, String value, String help, Completion completion) {
            options.add(new Option(name, value, help, completion, false, true));
            return this;
        }

        /**
         * An option with a value that may be given several times.
         *
         * @param name with its dashes
         * @param value in capitals
         * @param help one sentence
         * @param completion what Tab offers
         * @return this
         */
        public Builder options(String name, String value, String help, Completion completion) {
            options.add(new Option(name, value, help, completion, true, false));
            return this;
        }

        /**
         * An option without a value.
         *
         * @param name with its dashes
         * @param help one sentence
         * @return this
         */
        public Builder flag(String name, String help) {
            options.add(new Option(name, "", help, Completion.NONE, false, false));
            return this;
        }

        /**
         * Shows some options as those of which one has to be given. The command itself says so where none is.
         *
         * @param names with their dashes
         * @return this
         */
        Builder oneOf(String... names) {
            choice = List.of(names);
            return this;
        }

        /**
         * The options of a command that asks before it does something, and has something to show.
         *
         * @return this
         */
        Builder asks() {
            return flag(MirrorImages.YES, "Does not ask.").flag(Call.JSON, "Prints JSON.");
        }

        /**
         * An example.
         *
         * @param line to type
         * @param says what happens
         * @return this
         */
        public Builder example(String line, String says) {
            examples.add(new Example(line, says));
            return this;
        }

        /**
         * Ends the description.
         *
         * @return the description
         */
        public Spec build() {
            int colon = fullName.indexOf(':');
            return new Spec(
                    fullName.substring(0, colon),
                    fullName.substring(colon + 1),
                    summary,
                    detail,
                    parameters,
                    options,
                    choice,
                    examples);
        }
    }
}
