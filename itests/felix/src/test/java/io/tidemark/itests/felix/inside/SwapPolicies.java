package io.tidemark.itests.felix.inside;

import io.tidemark.api.Watermark;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.commit.CommitRule;
import java.util.Hashtable;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;

/** Commit policies come, go and misbehave while a client writes: what is in force is safe at every moment. */
public final class SwapPolicies extends Scenario {
    /**
     * A scenario.
     *
     * @param context of the bundle that it runs in
     */
    public SwapPolicies(BundleContext context) {
        super(context);
    }

    private ServiceRegistration<CommitPolicy> offer(CommitPolicy policy) {
        Hashtable<String, Object> properties = new Hashtable<>();
        properties.put(CommitPolicy.POLICY, "mine");
        return context().registerService(CommitPolicy.class, policy, properties);
    }

    private void awaitRule(String rule) {
        awaitImage(
                "v1", "the rule " + rule, image -> image.commitRule().contains(rule) && image.state() == State.SERVING);
    }

    @Override
    public Object call() throws Exception {
        images().create("v1", 16 << 20, Map.of());
        try (Writer writer = new Writer(device("v1"), new Silent())) {
            writer.start();
            awaitRule("journal");

            CommitRule both = new CommitRule(
                    "both", Watermark.CHECKPOINTED, Watermark.CHECKPOINTED, 0, CommitRule.MissingPeers.JOURNAL, false);
            ServiceRegistration<CommitPolicy> mine = offer(situation -> both);
            images().configure("v1", Map.of("commit", "mine"));
            awaitRule("both");
            mine.unregister();
            awaitRule("journal");

            mine = offer(situation -> {
                throw new IllegalStateException("a policy that fails");
            });
            awaitRule("journal");
            mine.unregister();
            mine = offer(situation -> null);
            awaitRule("journal");
            mine.unregister();

            images().configure("v1", Map.of("commit", "journal+image"));
            awaitRule("journal+image");
            restart("io.tidemark.commit.policies", () -> awaitRule("journal"));
            awaitRule("journal+image");
            images().configure("v1", Map.of("commit", "journal"));

            long before = writer.acknowledged();
            await("writes go on", () -> writer.acknowledged() > before + 20);
            writer.verify(writer.finish());
        }
        return null;
    }
}
