package io.tidemark.console.internal;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermarks;
import io.tidemark.api.admin.EventSource;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.admin.PoolStatus;
import io.tidemark.api.context.Clock;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.console.internal.command.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A node without anything behind it: images are entries of a map. */
public final class FakeNode implements Node {
    private static final Map<String, Long> COUNTERS = new HashMap<>(Map.of(
            "writes", 1_204_112L,
            "written.bytes", 5L << 30,
            "flushes", 0L,
            "durable", 104_211L,
            "apply.journal.bytes", 9L << 30,
            "apply.image.bytes", 3L << 30,
            "apply.image.writes", 1000L));

    static {
        COUNTERS.put("force.events.mean", 7L);
        COUNTERS.put("force.nanos.count", 1200L);
        COUNTERS.put("force.nanos.mean", 900_000L);
        COUNTERS.put("force.nanos.p50", 812_000L);
        COUNTERS.put("force.nanos.p99", 2_000_000L);
        COUNTERS.put("force.nanos.max", 14_000_000L);
    }

    /** Images by name. */
    public final Map<String, ImageStatus> images = new TreeMap<>();

    /** Pools. */
    public final List<PoolStatus> pools = new ArrayList<>();

    /** Journals by image. */
    public final Map<String, Journal> journals = new HashMap<>();

    /** Ways in. */
    public final List<FrontEnd> frontEnds = new ArrayList<>();

    /** Exports. */
    public final List<BlockDevice> devices = new ArrayList<>();

    /** Peers and replicas; null where the mirror does not run. */
    public FakeMirrors mirrors = new FakeMirrors();

    /** Thrown by everything that changes something. */
    public StorageException failure;

    /** The same, as when memory is short. */
    public Error error;

    /** Whether there is an engine. */
    public boolean engine = true;

    /** What the last replay took. */
    public long replayed;

    /** Wall clock. */
    public long wallNanos = 1_767_225_600_000_000_000L;

    public FakeNode() {
        pools.add(
                new PoolStatus("default", "image", "file", "/data/images", 100L << 30, 40L << 30, List.of("vm1"), ""));
        pools.add(new PoolStatus("default", "journal", "flash", "/data/journals", -1, -1, List.of(), ""));
        pools.add(new PoolStatus("slow", "image", "file", "/mnt/slow", 1L << 40, 1L << 39, List.of(), ""));
    }

    /** An image that serves. */
    public static ImageStatus image(String name, State state, String detail) {
        return new ImageStatus(
                name,
                state,
                detail,
                10L << 30,
                4096,
                "default",
                "default",
                "journal",
                "journal",
                List.of("age", "size"),
                new Position(3, 104_211),
                new Watermarks(104_213, 104_211, 104_208, 104_000, 98_000),
                12_288,
                3,
                128L << 20,
                4L << 30,
                List.of("nbd 127.0.0.1:40312"),
                List.of(),
                COUNTERS,
                new TreeMap<>(Map.of("pool", "default", "commit", "journal", "journal.limit", "4GiB")));
    }

    /** A replica that serves. */
    public static ImageStatus replica(String name, Position head, Position received) {
        ImageStatus image = image(name, State.SERVING, "");
        return new ImageStatus(
                name,
                State.SERVING,
                "",
                image.sizeBytes(),
                image.blockSizeBytes(),
                image.pool(),
                image.journalPool(),
                image.commitPolicy(),
                image.commitRule(),
                image.trimStrategies(),
                head,
                image.watermarks(),
                image.backlogBytes(),
                image.backlogEvents(),
                image.journalUsedBytes(),
                image.journalLimitBytes(),
                List.of(),
                List.of(),
                image.counters(),
                image.properties(),
                Role.REPLICA,
                received);
    }

    /** A copy with other properties. */
    private static ImageStatus with(ImageStatus image, String name, long size, Map<String, String> properties) {
        return new ImageStatus(
                name,
                image.state(),
                image.detail(),
                size,
                image.blockSizeBytes(),
                image.pool(),
                image.journalPool(),
                properties.getOrDefault("commit", "journal"),
                image.commitRule(),
                image.trimStrategies(),
                image.head(),
                image.watermarks(),
                image.backlogBytes(),
                image.backlogEvents(),
                image.journalUsedBytes(),
                image.journalLimitBytes(),
                image.clients(),
                image.warnings(),
                image.counters(),
                properties);
    }

    @Override
    public ImageManager images() throws StorageException {
        if (!engine) {
            throw Node.noEngine();
        }
        return new Manager();
    }

    @Override
    public MirrorManager mirrors() throws StorageException {
        if (mirrors == null) {
            throw Node.noMirror();
        }
        return mirrors;
    }

    @Override
    public List<FrontEnd> frontEnds() {
        return frontEnds;
    }

    @Override
    public List<BlockDevice> devices() {
        return devices;
    }

    @Override
    public Clock clock() {
        return new Clock() {
            @Override
            public long wallNanos() {
                return wallNanos;
            }

            @Override
            public long monotonicNanos() {
                return System.nanoTime();
            }
        };
    }

    /** The manager. */
    private final class Manager implements ImageManager {
        private void mayFail() throws StorageException {
            if (error != null) {
                throw error;
            }
            if (failure != null) {
                throw failure;
            }
        }

        @Override
        public List<ImageStatus> images() {
            return List.copyOf(images.values());
        }

        @Override
        public ImageStatus image(String name) throws StorageException {
            ImageStatus image = images.get(name);
            if (image == null) {
                throw new StorageException(
                        Reason.NOT_FOUND, "there is no image " + name, "image:list shows those that there are");
            }
            return image;
        }

        @Override
        public ImageStatus create(String name, long sizeBytes, Map<String, String> properties) throws StorageException {
            mayFail();
            if (images.containsKey(name)) {
                throw new StorageException(
                        Reason.EXISTS, "there is an image " + name + " already", "take another name");
            }
            ImageStatus image = with(FakeNode.image(name, State.SERVING, ""), name, sizeBytes, properties);
            images.put(name, image);
            return image;
        }

        @Override
        public ImageStatus configure(String name, Map<String, String> changes) throws StorageException {
            mayFail();
            ImageStatus image = image(name);
            Map<String, String> properties = new HashMap<>(image.properties());
            changes.forEach((key, value) -> {
                properties.put(key, value);
                if (value.isEmpty()) {
                    properties.remove(key);
                }
            });
            images.put(name, with(image, name, image.sizeBytes(), properties));
            return images.get(name);
        }

        @Override
        public ImageStatus resize(String name, long newSizeBytes) throws StorageException {
            mayFail();
            ImageStatus image = image(name);
            images.put(name, with(image, name, newSizeBytes, image.properties()));
            return images.get(name);
        }

        @Override
        public Position mark(String name, EventKind kind, String label) throws StorageException {
            mayFail();
            image(name);
            FakeJournal journal = (FakeJournal) journals.get(name);
            journal.add(kind, 0, 0, 0, label);
            return new Position(3, journal.durable());
        }

        @Override
        public void delete(String name) throws StorageException {
            mayFail();
            images.remove(name);
        }

        @Override
        public ImageStatus checkpoint(String name) throws StorageException {
            mayFail();
            return image(name);
        }

        @Override
        public ImageStatus replaceLostJournal(String name) throws StorageException {
            mayFail();
            images.put(name, FakeNode.image(name, State.SERVING, ""));
            return image(name);
        }

        @Override
        public Journal journal(String name) throws StorageException {
            image(name);
            if (!journals.containsKey(name)) {
                throw new StorageException(
                        Reason.UNAVAILABLE, "the journal of " + name + " is not open", "see image:info " + name);
            }
            return journals.get(name);
        }

        @Override
        public long replay(String name, EventSource source) throws StorageException {
            mayFail();
            image(name);
            replayed = 0;
            for (EventHeader event = source.next(); event != null; event = source.next()) {
                source.body();
                replayed += event.kind() == EventKind.MARK ? 0 : 1;
            }
            return replayed;
        }

        @Override
        public List<PoolStatus> pools() {
            return pools;
        }

        @Override
        public List<String> commitPolicies() {
            return List.of("journal", "journal+image", "volatile");
        }

        @Override
        public List<String> trimStrategies() {
            return List.of("age", "clients", "size");
        }
    }
}
