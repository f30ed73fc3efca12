package io.tidemark.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivilegedExceptionAction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.inject.Inject;
import javax.security.auth.Subject;
import org.apache.karaf.features.BootFinished;
import org.apache.karaf.features.Feature;
import org.apache.karaf.features.FeaturesService;
import org.apache.karaf.jaas.boot.principal.RolePrincipal;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;

/** What an operator meets: bundles, features, configurations; and that nothing of the live set stops for something else. */
@RunWith(PaxExam.class)
public class DistributionIT {
    private static final List<String> OWN_FEATURES = List.of(
            "tidemark-core",
            "tidemark-event-admin",
            "tidemark-nbd",
            "tidemark-transport-tcp",
            "tidemark-mirror",
            "tidemark-console");
    private static final List<String> OFF = List.of("ssh", "management");

    @Inject
    private BundleContext context;

    @Inject
    private BootFinished bootFinished;

    @Inject
    private FeaturesService features;

    @Inject
    private SessionFactory sessions;

    /**
     * The container.
     *
     * @return its options
     * @throws IOException when its directory cannot be made
     */
    @Configuration
    public Option[] configuration() throws IOException {
        return Container.options();
    }

    /** The boot features are there, but the last bundles may still be starting. */
    @Before
    public void awaitActive() throws InterruptedException {
        for (int i = 0; i < 300 && !idle().isEmpty(); i++) {
            Thread.sleep(100);
        }
        assertEquals(Set.of(), idle());
    }

    private Set<String> idle() {
        return Arrays.stream(context.getBundles())
                .filter(bundle -> bundle.getHeaders().get("Fragment-Host") == null)
                .filter(bundle -> bundle.getState() != Bundle.ACTIVE)
                .map(bundle -> bundle.getSymbolicName() + " " + bundle.getState())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private String command(String line) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            Subject admin = new Subject();
            for (String role : List.of("admin", "manager", "viewer", "systembundles")) {
                admin.getPrincipals().add(new RolePrincipal(role));
            }
            Subject.doAs(admin, (PrivilegedExceptionAction<Object>) () -> {
                Session session = sessions.create(new ByteArrayInputStream(new byte[0]), out, out);
                try {
                    return session.execute(line);
                } finally {
                    session.close();
                }
            });
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** What the felix tests show of files that are written because they were read holds here with the same setting. */
    @Test
    public void configurationFilesAreReadOnly() {
        assertEquals("false", context.getProperty("felix.fileinstall.enableConfigSave"));
    }

    private Set<String> ownBundles() {
        return Arrays.stream(context.getBundles())
                .map(Bundle::getSymbolicName)
                .filter(name -> name.startsWith("io.tidemark."))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    public void everyBundleOfOursIsThereAndActive() {
        assertEquals(
                new TreeSet<>(List.of(
                        "io.tidemark.api",
                        "io.tidemark.base",
                        "io.tidemark.commit.policies",
                        "io.tidemark.console",
                        "io.tidemark.engine",
                        "io.tidemark.event.admin",
                        "io.tidemark.image.file",
                        "io.tidemark.journal.flash",
                        "io.tidemark.mirror",
                        "io.tidemark.nbd",
                        "io.tidemark.transport.tcp",
                        "io.tidemark.trim.strategies")),
                ownBundles());
    }

    /** A refresh during the first boot can deadlock the framework, and a warning that is always there hides the next. */
    @Test
    public void theFirstBootLogsNoWarningAndStopsNoBundle() throws Exception {
        List<String> bad = new ArrayList<>();
        for (String line : firstBoot()) {
            if (isWarning(line) || line.contains("Stopping bundles") || line.contains("Refreshing bundles")) {
                bad.add(line);
            }
        }
        assertEquals(List.of(), bad);
    }

    /** Of everybody but the test's own bundles: time, level, thread, logger and bundle stand in front of what is said. */
    private static boolean isWarning(String line) {
        String[] columns = line.split("\\|", 6);
        boolean warning =
                columns.length == 6 && List.of("WARN", "ERROR", "FATAL").contains(columns[1].strip());
        return warning && !columns[4].contains("pax.exam") && !columns[4].contains("ops4j.pax.swissbox");
    }

    private static List<String> log() throws IOException {
        return Files.readAllLines(Path.of(System.getProperty("karaf.log"), "karaf.log"));
    }

    /** The log up to the next change of features, which other tests make. */
    private static List<String> firstBoot() throws IOException {
        List<String> lines = new ArrayList<>();
        int changes = 0;
        for (String line : log()) {
            changes += line.contains("Adding features: ") || line.contains("Removing features: ") ? 1 : 0;
            if (changes > 1) {
                break;
            }
            lines.add(line);
        }
        return lines;
    }

    @Test
    public void bundleListShowsOursActive() throws Exception {
        String list = command("bundle:list");
        for (String name : List.of("Tidemark API", "Tidemark engine", "Tidemark NBD server", "Tidemark console")) {
            String line =
                    list.lines().filter(each -> each.contains(name)).findFirst().orElse("");
            assertTrue(name + " in\n" + list, line.contains("Active"));
        }
    }

    @Test
    public void featureListShowsOursStarted() throws Exception {
        String list = command("feature:list -i");
        for (String name : OWN_FEATURES) {
            String line =
                    list.lines().filter(each -> each.contains(name)).findFirst().orElse("");
            assertTrue(name + " in\n" + list, line.contains("Started"));
        }
        for (String name : OFF) {
            assertFalse(name + " opens a port and has to be off", features.isInstalled(features.getFeature(name)));
        }
    }

    @Test
    public void configListShowsOurs() throws Exception {
        String list = command("config:list");
        for (String pid : List.of(
                "io.tidemark.engine",
                "io.tidemark.nbd",
                "io.tidemark.image.file",
                "io.tidemark.journal.flash",
                "io.tidemark.mirror",
                "io.tidemark.transport.tcp")) {
            // As the whole of a name, behind which an instance of a factory has its own.
            assertTrue(
                    pid + " in\n" + list,
                    Pattern.compile(pid.replace(".", "\\.") + "(?![\\w.])")
                            .matcher(list)
                            .find());
        }
    }

    /** Each by itself, so that one which forgets to name what it needs has nothing of the others. */
    @Test
    public void eachFeatureInstallsAlone() throws Exception {
        features.uninstallFeature("tidemark-all");
        try {
            for (String name : OWN_FEATURES) {
                assertEquals("before " + name, Set.of(), ownBundles());
                int before = log().size();
                features.installFeature(name);
                assertTrue(name, features.isInstalled(features.getFeature(name)));
                assertFalse(name, ownBundles().isEmpty());
                awaitActive();
                List<String> warnings = log().subList(before, log().size()).stream()
                        .filter(DistributionIT::isWarning)
                        .toList();
                assertEquals("warnings of " + name, List.of(), warnings);
                features.uninstallFeature(name);
            }
            assertEquals(Set.of(), ownBundles());
        } finally {
            features.installFeature("tidemark-all");
        }
        awaitActive();
        everyBundleOfOursIsThereAndActive();
    }

    /** Everything that ours are wired to, and what runs them. */
    private Set<Bundle> liveSet() {
        Set<Bundle> live = new java.util.HashSet<>();
        List<Bundle> todo = new ArrayList<>();
        for (Bundle bundle : context.getBundles()) {
            String name = bundle.getSymbolicName();
            if (name.startsWith("io.tidemark.")
                    || List.of("org.apache.felix.scr", "org.apache.felix.configadmin", "org.apache.felix.fileinstall")
                            .contains(name)) {
                todo.add(bundle);
            }
        }
        while (!todo.isEmpty()) {
            Bundle bundle = todo.remove(todo.size() - 1);
            if (!live.add(bundle)) {
                continue;
            }
            for (BundleWire wire : bundle.adapt(BundleWiring.class).getRequiredWires(null)) {
                if (wire.getRequirement().getNamespace().startsWith("osgi.wiring.")) {
                    todo.add(wire.getProvider().getBundle());
                }
            }
        }
        return live;
    }

    /**
     * Those of the live set that have an import which nothing satisfies, and why nobody has to fear what may satisfy it one day.
     * A dynamic import is wired when a class of it is first looked for, in place and without a refresh.
     */
    private static final Map<String, String> LOOSE = Map.of(
            "org.apache.felix.configadmin dynamic", "looks for a coordinator and for the log of the compendium",
            "org.apache.felix.coordinator dynamic", "looks for the log of the compendium",
            "org.apache.felix.scr dynamic", "looks for Config Admin, metatype and the log of the compendium",
            "org.apache.karaf.services.eventadmin dynamic", "looks for the log of the compendium",
            "org.jline optional", "edits lines of the console for SSH, too, which is why features refresh nothing here",
            "org.ops4j.pax.logging.pax-logging-api optional", "takes other logs, of which Karaf has no bundle");

    /** One that is not on the list is a bundle that something unrelated might have refreshed, with all that hangs on it. */
    @Test
    public void theLiveSetHasNoLooseImportsButKnownOnes() {
        Set<String> loose = new TreeSet<>();
        for (Bundle bundle : liveSet()) {
            BundleWiring wiring = bundle.adapt(BundleWiring.class);
            Set<BundleRequirement> satisfied = wiring.getRequiredWires(PackageNamespace.PACKAGE_NAMESPACE).stream()
                    .map(BundleWire::getRequirement)
                    .collect(Collectors.toSet());
            for (BundleRequirement wish :
                    wiring.getRevision().getDeclaredRequirements(PackageNamespace.PACKAGE_NAMESPACE)) {
                String resolution = wish.getDirectives().getOrDefault("resolution", "mandatory");
                if (!resolution.equals("mandatory") && !satisfied.contains(wish)) {
                    loose.add(bundle.getSymbolicName() + " " + resolution);
                }
            }
        }
        assertEquals(new TreeSet<>(LOOSE.keySet()), loose);
    }

    @Test
    public void installingWhatIsOffDisturbsNobody() throws Exception {
        Set<Bundle> live = liveSet();
        List<String> stopped = new CopyOnWriteArrayList<>();
        SynchronousBundleListener listener = event -> {
            if (event.getType() == BundleEvent.STOPPING || event.getType() == BundleEvent.UNRESOLVED) {
                if (live.contains(event.getBundle())) {
                    stopped.add(event.getBundle().getSymbolicName());
                }
            }
        };
        context.addBundleListener(listener);
        try {
            for (String name : OFF) {
                features.installFeature(name);
            }
            awaitActive();
            assertEquals(List.of(), stopped);
        } finally {
            for (String name : OFF) {
                features.uninstallFeature(name);
            }
            context.removeBundleListener(listener);
        }
    }

    @Test
    public void everyInstalledFeatureIsKnownByNameAndDescription() throws Exception {
        List<String> names = new ArrayList<>(OWN_FEATURES);
        names.add("tidemark-all");
        for (String name : names) {
            Feature feature = features.getFeature(name);
            assertTrue(
                    name,
                    feature.getDescription() != null && feature.getDescription().length() > 10);
        }
    }
}
