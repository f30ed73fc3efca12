package io.tidemark.itests.felix.inside;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.RefusedConfiguration;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.Verification;
import io.tidemark.api.mirror.WorkListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/** One thing that somebody does to replicas on one of two nodes; the property {@code test.step} says what, in words. */
public final class MirrorStep extends Scenario {
    private static final int IMAGE_BYTES = 8 << 20;

    /**
     * A scenario.
     *
     * @param context of the bundle that it runs in
     */
    public MirrorStep(BundleContext context) {
        super(context);
    }

    private MirrorManager mirror() {
        return service(MirrorManager.class);
    }

    @Override
    public Object call() throws Exception {
        String[] words = context().getProperty("test.step").split(" ");
        return switch (words[0]) {
            case "key" -> mirror().ownKey();
            case "address" -> address();
            case "addresses" -> mirror().ownAddresses().toString();
            case "await-no-address" -> noAddress();
            case "peer" -> peer(words[1], words[2], words.length > 3 ? words[3] : "");
            case "remove-peer" -> removed(words[1]);
            case "linked" -> linked(words[1]);
            case "await-refusal" -> service(RefusedConfiguration.class).reason();
            case "refusals" -> refusals();
            case "configure" -> configured(words[1], words[2]);
            case "create" -> images().create(words[1], IMAGE_BYTES, Map.of()).name();
            case "write" -> write(words[1], Integer.parseInt(words[2]));
            case "refused" -> refused(words[1]);
            case "sum" -> sum(words[1]);
            case "head" -> images().image(words[1]).head().toString();
            case "await-head" -> awaitHead(words[1], words[2]);
            default -> more(words);
        };
    }

    private Object more(String[] words) throws Exception {
        return switch (words[0]) {
            case "enable" -> enable(words[1], words[2], words.length > 3 ? Long.parseLong(words[3]) : 0);
            case "disable" -> mirror().disable(words[1], words[2]);
            case "await" -> state(words[1], words[2], words[3]);
            case "status" -> mirror().status().toString();
            case "hold" -> mirror().hold(words[1]).heldAt().orElseThrow().toString();
            case "release" -> mirror().release(words[1]).state().name();
            case "step" ->
                mirror().step(words[1], Long.parseLong(words[2]))
                        .heldAt()
                        .orElseThrow()
                        .toString();
            case "delay" ->
                mirror().delay(words[1], TimeUnit.SECONDS.toNanos(Long.parseLong(words[2])))
                        .delayWantedNanos();
            case "promote" -> promoted(mirror().promote(words[1], words.length > 2));
            case "demote" -> mirror().demote(words[1]).toString();
            case "switch" -> promoted(mirror().switchOver(words[1], words[2], WorkListener.QUIET));
            case "resync" ->
                mirror().resync(words[1], words[2], words.length > 3).image();
            case "branches" ->
                mirror().keptBranches().stream().map(KeptBranch::name).toList().toString();
            case "verify" -> verified(mirror().verify(words[1], words[2], WorkListener.QUIET));
            default -> throw new IllegalArgumentException(words[0]);
        };
    }

    private static String promoted(Promotion promotion) {
        return promotion.node() + " lacks " + promotion.missingEvents();
    }

    private static String verified(Verification found) {
        return "equal " + found.equalBytes() + " skipped " + found.skippedBytes() + " different "
                + found.differingBytes();
    }

    private Object address() {
        await("an address", () -> !mirror().ownAddresses().isEmpty());
        return mirror().ownAddresses().get(0);
    }

    /** Listening ends on the mirror's own worker, behind the order that gave the last peer up. */
    private Object noAddress() {
        await("no address", () -> mirror().ownAddresses().isEmpty());
        return mirror().ownAddresses().toString();
    }

    private Object peer(String name, String key, String address) throws StorageException {
        return mirror().addPeer(name, PeerSettings.of(address, key.equals("-") ? "" : key))
                .name();
    }

    /** As when somebody changes the file. */
    private Object configured(String key, String value) throws IOException {
        Configuration mirrors = service(ConfigurationAdmin.class).getConfiguration("io.tidemark.mirror", "?");
        Dictionary<String, Object> keys = mirrors.getProperties() == null ? new Hashtable<>() : mirrors.getProperties();
        keys.put(key, value);
        mirrors.update(keys);
        return key;
    }

    private int refusals() throws InvalidSyntaxException {
        return context().getServiceReferences(RefusedConfiguration.class, null).size();
    }

    private Object removed(String name) throws StorageException {
        mirror().removePeer(name);
        return name;
    }

    private Object linked(String name) {
        PeerStatus[] last = new PeerStatus[1];
        await("a link with " + name, () -> {
            last[0] = mirror().peers().stream()
                    .filter(peer -> peer.name().equals(name))
                    .findFirst()
                    .orElse(null);
            return last[0] != null && last[0].linked();
        });
        return last[0].nodeName() + " " + last[0].settings().key();
    }

    private Object enable(String image, String peer, long delaySeconds) throws StorageException {
        ReplicaOptions options = new ReplicaOptions("", TimeUnit.SECONDS.toNanos(delaySeconds), Map.of());
        return mirror().enable(image, peer, options).role().name();
    }

    private Object state(String image, String peer, String state) {
        MirrorStatus[] last = new MirrorStatus[1];
        try {
            await(image + " with " + peer + " is " + state, () -> {
                last[0] = mirror().status().stream()
                        .filter(one -> one.image().equals(image) && one.peer().equals(peer))
                        .findFirst()
                        .orElse(null);
                return last[0] != null
                        && last[0].state().name().equals(state)
                        && (!state.equals("UP_TO_DATE") || last[0].lag().unreceivedEvents() == 0);
            });
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ": " + mirror().status() + " " + mirror().peers(), e);
        }
        return last[0].words();
    }

    private Object awaitHead(String image, String head) {
        awaitImage(image, "head " + head, status -> status.head().toString().equals(head));
        return head;
    }

    private Object write(String image, int blocks) throws StorageException {
        awaitImage(image, "serving", status -> status.state() == ImageStatus.State.SERVING);
        long behind = System.nanoTime();
        try (Writer writer = new Writer(device(image), new Silent(), behind)) {
            writer.start();
            await("writes", () -> writer.acknowledged() >= behind + blocks);
            return writer.finish();
        }
    }

    /** A client that writes to a replica is told so. */
    private Object refused(String image) throws StorageException {
        try (DeviceSession session = device(image).connect("writer", new Silent())) {
            StorageException[] failure = new StorageException[1];
            boolean[] answered = new boolean[1];
            session.discard(0, 4096, true, problem -> {
                failure[0] = problem;
                answered[0] = true;
            });
            session.drive(false);
            await("an answer", () -> answered[0]);
            return failure[0] == null ? "written" : failure[0].reason().name();
        }
    }

    private Object sum(String image) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
        try (DeviceSession session = device(image).connect("reader", new Silent())) {
            for (long offset = 0; offset < IMAGE_BYTES; offset += buffer.capacity()) {
                buffer.clear();
                session.read(offset, buffer);
                digest.update(buffer.flip());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
