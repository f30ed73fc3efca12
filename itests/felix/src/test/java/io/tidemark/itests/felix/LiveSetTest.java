package io.tidemark.itests.felix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.framework.PlainFramework;
import io.tidemark.itests.felix.harness.Framework;
import io.tidemark.itests.felix.harness.Tree;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleWiring;

/** The live set: what serves clients, and all that it is wired to. Nothing in it may be refreshed by something unrelated. */
class LiveSetTest {
    @TempDir
    Path data;

    @Test
    void everyBundleResolvesAndBecomesActive() {
        try (Framework framework = Framework.startNode(data, Map.of())) {
            List<String> idle = new ArrayList<>();
            for (Bundle bundle : framework.context().getBundles()) {
                if (bundle.getState() != Bundle.ACTIVE) {
                    idle.add(bundle + " is in state " + bundle.getState());
                }
            }
            assertEquals(List.of(), idle);
        }
    }

    /** An optional or dynamic import that is unresolved today is a reason for a refresh tomorrow. */
    @Test
    void ownBundlesHaveNoOptionalOrDynamicImport() {
        try (Framework framework = Framework.startNode(data, Map.of())) {
            List<String> loose = new ArrayList<>();
            for (Bundle bundle : framework.context().getBundles()) {
                if (!bundle.getSymbolicName().startsWith("io.tidemark.")) {
                    continue;
                }
                for (BundleRequirement requirement : bundle.adapt(BundleWiring.class)
                        .getRevision()
                        .getDeclaredRequirements(PackageNamespace.PACKAGE_NAMESPACE)) {
                    String resolution = requirement.getDirectives().getOrDefault("resolution", "mandatory");
                    if (!resolution.equals("mandatory")) {
                        loose.add(bundle.getSymbolicName() + ": " + requirement + " is " + resolution);
                    }
                }
            }
            assertEquals(List.of(), loose);
        }
    }

    @Test
    void startLevelsOfTheFeaturesAreThoseOfThisLauncher() throws java.io.IOException {
        String features = java.nio.file.Files.readString(Tree.root().resolve("features/src/main/feature/features.xml"));
        Matcher matcher = Pattern.compile("<bundle start-level=\"(\\d+)\">mvn:io\\.tidemark/([a-z-]+)/")
                .matcher(features);
        Map<String, Integer> levels = new TreeMap<>();
        while (matcher.find()) {
            levels.put(matcher.group(2), Integer.valueOf(matcher.group(1)));
        }
        assertEquals(new TreeMap<>(PlainFramework.START_LEVELS), levels);
    }
}
