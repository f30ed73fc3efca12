package io.tidemark.faults;

import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Asks of every force in some code whether anybody would miss it. The places that force a file or a directory are found in
 * the sources, so that a new one cannot be forgotten; stories say what the code promises about what survives a crash. Each
 * force is then left out by itself, as if that line were not there, until a story notices. Of writing that is durable when it
 * returns only that is left out: it is written.
 *
 * <pre>{@code
 * @TestFactory
 * Stream<DynamicTest> eachForceIsMissed() {
 *     ForceAudit audit = new ForceAudit()
 *             .sources(Path.of("src/main/java"))
 *             .story("what was created survives", 20, machine -> ...);
 *     return audit.checks().entrySet().stream()
 *             .map(check -> DynamicTest.dynamicTest(check.getKey(), check.getValue()::run));
 * }
 * }</pre>
 *
 * <p>For one thread.
 */
public final class ForceAudit {
    private static final Pattern CALL =
            Pattern.compile("[\\w.()]*\\.(?:force\\(\\)|forceDirectory\\(.*\\)|writeThrough\\(.*\\));");
    private static final Set<Operation> FORCING =
            EnumSet.of(Operation.FORCE, Operation.FORCE_DIRECTORY, Operation.WRITE_THROUGH);
    private static final Pattern LAMBDA = Pattern.compile("lambda\\$(\\w+)\\$\\d+");

    private final List<Site> sites = new ArrayList<>();
    private final Map<String, Map<Integer, Site>> byClass = new HashMap<>();
    private final List<Told> stories = new ArrayList<>();

    /** What some code promises: plays it on a machine, and throws when a promise was broken. */
    @FunctionalInterface
    public interface Story {
        /**
         * Plays.
         *
         * @param machine with an empty disk and a seed of its own
         * @throws Exception when a promise was broken
         */
        void play(SimulatedMachine machine) throws Exception;
    }

    /** A line that forces. Which method it is in is known when a story has come by. */
    private static final class Site {
        private final String className;
        private final int line;
        private final String statement;
        private String method;

        Site(String className, int line, String statement) {
            this.className = className;
            this.line = line;
            this.statement = statement;
        }

        String name() {
            String simple = className.substring(className.lastIndexOf('.') + 1);
            return (method == null ? simple + ".java:" + line : simple + "." + method) + ": " + statement;
        }
    }

    private static final class Told {
        private final String name;
        private final int seeds;
        private final Story story;
        private final Set<Site> reached = new LinkedHashSet<>();

        Told(String name, int seeds, Story story) {
            this.name = name;
            this.seeds = seeds;
            this.story = story;
        }
    }

    /**
     * Looks for forces.
     *
     * @param root of a tree of Java sources, whose directories are packages
     * @return this
     */
    public ForceAudit sources(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java"))
                    .sorted()
                    .toList()) {
                String path = root.relativize(file).toString();
                find(path.substring(0, path.length() - ".java".length()).replace('/', '.'), file);
            }
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Looks for forces in one class.
     *
     * @param root of the sources that it is in
     * @param className with its package
     * @return this
     */
    public ForceAudit sources(Path root, String className) {
        try {
            find(className, root.resolve(className.replace('.', '/') + ".java"));
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void find(String className, Path file) throws IOException {
        Map<Integer, Site> lines = new HashMap<>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            String text = line.strip();
            Matcher call = CALL.matcher(text);
            if (!text.startsWith("//") && !text.startsWith("*") && call.find()) {
                String statement = call.group();
                Site site = new Site(className, number, statement.substring(0, statement.length() - 1));
                lines.put(number, site);
                sites.add(site);
            }
        }
        byClass.put(className, lines);
    }

    /**
     * Adds a story. Cheap ones first, because the first that notices ends the search.
     *
     * @param name what it promises
     * @param seeds on how many it is played, each on a machine of its own
     * @param story itself
     * @return this
     */
    public ForceAudit story(String name, int seeds, Story story) {
        stories.add(new Told(name, seeds, story));
        return this;
    }

    /**
     * Plays every story with all forces in place, which has to go well, and says what is to be checked then.
     *
     * @return a check for each force, in the order of the sources, by name: {@code Class.method: statement}. It throws an
     *     AssertionError when no story misses the force, or comes to it
     * @throws SimulationFailure when a story fails by itself
     */
    public Map<String, Runnable> checks() {
        for (Told told : stories) {
            play(told, null);
        }
        Map<String, Runnable> checks = new LinkedHashMap<>();
        for (Site site : sites) {
            if (checks.put(site.name(), () -> check(site)) != null) {
                throw new IllegalStateException(site.name() + " stands there twice: nobody can tell which is meant");
            }
        }
        return checks;
    }

    private void check(Site site) {
        if (site.method == null) {
            throw new AssertionError("no story comes to " + site.name() + ": tell one that loses something without it");
        }
        String noticed = leaveOut(site);
        if (noticed == null) {
            throw new AssertionError("nobody misses " + site.name()
                    + ": tell a story that loses something without it, or remove the force");
        }
        System.out.println(site.name() + " is missed by " + noticed);
    }

    /** Which story noticed what; null when none did. */
    private String leaveOut(Site site) {
        for (Told told : stories) {
            if (told.reached.contains(site)) {
                try {
                    play(told, site);
                } catch (SimulationFailure noticed) {
                    Throwable root = noticed;
                    while (root.getCause() != null) {
                        root = root.getCause();
                    }
                    String what = String.valueOf(root.getMessage())
                            .lines()
                            .findFirst()
                            .orElse("");
                    return "\"" + told.name + "\", seed " + noticed.seed() + ": " + what;
                }
            }
        }
        return null;
    }

    private void play(Told told, Site missing) {
        for (long seed = 0; seed < told.seeds; seed++) {
            SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
            machine.disk().leaveOut((operation, path) -> {
                Site site = FORCING.contains(operation) ? caller() : null;
                if (site != null) {
                    told.reached.add(site);
                }
                if (site == null || site != missing) {
                    return Verdict.PROCEED;
                }
                return operation == Operation.WRITE_THROUGH ? Verdict.STAY_CACHED : Verdict.SKIP;
            });
            machine.run(() -> told.story.play(machine));
        }
    }

    /** The line that called, in the innermost class of the sources; null when it is none that forces. */
    private Site caller() {
        StackWalker.StackFrame frame = StackWalker.getInstance()
                .walk(frames -> frames.filter(each -> byClass.containsKey(outer(each.getClassName())))
                        .findFirst())
                .orElse(null);
        Site site =
                frame == null ? null : byClass.get(outer(frame.getClassName())).get(frame.getLineNumber());
        if (site != null && site.method == null) {
            Matcher lambda = LAMBDA.matcher(frame.getMethodName());
            site.method = lambda.matches() ? lambda.group(1) : frame.getMethodName();
        }
        return site;
    }

    private static String outer(String className) {
        int nested = className.indexOf('$');
        return nested < 0 ? className : className.substring(0, nested);
    }
}
