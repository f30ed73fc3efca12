package io.tidemark.simulation.sites;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.base.event.Event;
import io.tidemark.base.event.EventCodec;
import io.tidemark.faults.SimulatedMachine;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What was written anywhere, as a tree: each event by its epoch's identity and its sequence, with the one before it and the image
 * that follows from it. A site that is on some branch has exactly these events, and shows one of these images.
 */
final class Chronicle {
    static final int BLOCK = 4096;
    /** So many in the beginning. */
    static final int BLOCKS = 16;

    static final int MOST_BLOCKS = 24;
    static final int SIZE = BLOCK * BLOCKS;

    /**
     * An event on its branch.
     *
     * @param epoch identity of the epoch
     * @param sequence of the event
     */
    record Place(UUID epoch, long sequence) {
        static final Place START = new Place(Epoch.NO_PREDECESSOR, 0);
    }

    /**
     * What is known of an event.
     *
     * @param header as it was written
     * @param body as it was written
     * @param before the event in front of it
     * @param blocks the image behind it, as long as it is then: each block is full of one number
     * @param atNanos when it was written, in true time
     */
    record Entry(EventHeader header, byte[] body, Place before, long[] blocks, long atNanos) {}

    private final SimulatedMachine machine;
    private final Map<Place, Entry> entries = new HashMap<>();
    private final Map<Long, Place> written = new HashMap<>();
    private final Map<UUID, UUID> predecessors = new HashMap<>();
    private final Map<String, Place> marks = new HashMap<>();
    /** Where each site last wrote that the image has another size. */
    private final Map<String, Place> resizes = new HashMap<>();

    private final Map<UUID, String> acknowledging = new HashMap<>();
    private final Map<String, List<Place>> acknowledged = new HashMap<>();
    /** What replicas have to have had before it was acknowledged: whoever is lost, this is not. */
    private final List<Place> promised = new ArrayList<>();
    /** Sites that may be promoted without it, if what that comes to says so. */
    private final Set<String> unsure = new HashSet<>();

    private final BooleanSupplier promises;
    private final Succession succession = new Succession(this::isDemotion);
    private long compared;
    private long survived;
    private int expired;
    private int resized;

    /**
     * Nothing is known yet.
     *
     * @param machine whose run fails when something is not as it has to be
     * @param promises whether what is acknowledged has to be at replicas as well
     */
    Chronicle(SimulatedMachine machine, BooleanSupplier promises) {
        this.machine = machine;
        this.promises = promises;
    }

    void require(boolean holds, Supplier<String> what) {
        if (!holds) {
            machine.note("BROKEN", what.get(), 0, 0);
            machine.fail(new AssertionError(what.get()));
        }
    }

    /** A journal gave up a replica that was away for too long. */
    void expired() {
        expired++;
    }

    int expiries() {
        return expired;
    }

    long compared() {
        return compared;
    }

    /** How often a client changed the size. */
    int resizes() {
        return resized;
    }

    /** Where a sequence lies that a journal with these epochs has or goes on from. */
    Place place(List<Epoch> epochs, long sequence) {
        if (sequence == 0) {
            return Place.START;
        }
        Epoch found = null;
        for (Epoch epoch : epochs) {
            found = epoch.firstSequence() <= sequence ? epoch : found;
        }
        if (found != null) {
            return new Place(found.identity(), sequence);
        }
        // In front of the first event of a relay: in the epoch that it begins with, or in the one before.
        Place inside = new Place(epochs.get(0).identity(), sequence);
        return entries.containsKey(inside) ? inside : new Place(epochs.get(0).predecessorIdentity(), sequence);
    }

    Entry entry(Place place) {
        return entries.get(place);
    }

    private boolean isDemotion(Place place) {
        Entry entry = entries.get(place);
        return entry != null && entry.header().kind() == EventKind.DEMOTE;
    }

    private boolean isResize(Place place) {
        Entry entry = entries.get(place);
        return entry != null && entry.header().kind() == EventKind.RESIZE;
    }

    /** Who goes on behind whom. */
    Succession succession() {
        return succession;
    }

    // ---- events

    /** An event goes into a journal: of a client at the site that the epoch belongs to, or one that was received. */
    void appended(String site, List<Epoch> epochs, EventHeader header, byte[] body) {
        long sequence = header.position().sequence();
        Epoch epoch = epochs.get(epochs.size() - 1);
        Place place = place(epochs, sequence);
        Place before = place(epochs, sequence - 1);
        Entry known = entries.get(place);
        if (known != null) {
            require(
                    known.header().equals(header) && Arrays.equals(known.body(), body),
                    () -> site + " has another event at " + place + ": " + header + ", and " + known.header() + " was");
            require(known.before().equals(before), () -> site + " has " + before + " in front of " + place);
            return;
        }
        require(
                epoch.owner().equals(site),
                () -> site + " received " + place + ", which " + epoch.owner() + " never had");
        require(before.sequence() == 0 || entries.containsKey(before), () -> site + " goes on from " + before);
        if (header.kind() == EventKind.RESIZE) {
            resizes.put(site, place);
        }
        entries.put(place, new Entry(header, body, before, after(place, before, header, body), machine.nowNanos()));
    }

    private long[] after(Place place, Place before, EventHeader header, byte[] body) {
        long[] blocks = blocks(before).clone();
        int from = (int) header.offset() / BLOCK;
        int to = (int) (header.offset() + header.length()) / BLOCK;
        if (header.kind() == EventKind.RESIZE) {
            return Arrays.copyOf(blocks, (int) header.length() / BLOCK);
        }
        if (header.kind() == EventKind.DISCARD || header.kind() == EventKind.ZERO) {
            Arrays.fill(blocks, from, to, 0);
        } else if (header.kind() == EventKind.WRITE) {
            Event event = event(header, body);
            long value = event.payload().getLong(event.payload().position());
            Arrays.fill(blocks, from, to, value);
            written.put(value, place);
        } else if (header.kind() == EventKind.MARK || header.kind() == EventKind.SNAPSHOT) {
            marks.put(event(header, body).name(), place);
        }
        return blocks;
    }

    private static Event event(EventHeader header, byte[] body) {
        try {
            return EventCodec.decode(header, ByteBuffer.wrap(body));
        } catch (StorageException e) {
            throw new AssertionError(e.getMessage(), e);
        }
    }

    private long[] blocks(Place place) {
        Entry entry = entries.get(place);
        return entry == null ? new long[BLOCKS] : entry.blocks();
    }

    // ---- clients

    /** A client's write was answered: its number is its own. */
    void acknowledged(String site, long value) {
        Place place = written.get(value);
        require(place != null, () -> site + " acknowledges what no journal ever had");
        String other = acknowledging.putIfAbsent(place.epoch(), site);
        require(
                other == null || other.equals(site),
                () -> site + " and " + other + " both acknowledge writes in the epoch " + place.epoch());
        acknowledged.computeIfAbsent(site, key -> new ArrayList<>()).add(place);
        String beside = succession.acknowledged(place);
        require(beside == null, () -> beside);
        if (promises.getAsBoolean()) {
            promised.add(place);
        }
    }

    /** A moment got a name: its event says so, and is promised from now on. */
    void marked(String site, EventKind kind, String label, Position at) {
        Place place = marks.get(label);
        require(place != null, () -> site + " says that " + label + " is marked, and no journal ever had it");
        EventHeader header = entries.get(place).header();
        require(
                header.position().equals(at) && header.kind() == kind,
                () -> site + " says that " + label + " is " + kind + " " + at + ", and it is " + header);
        acknowledged.computeIfAbsent(site, key -> new ArrayList<>()).add(place);
    }

    /** The image has another size, which is promised from now on. */
    void resized(String site, long sizeBytes) {
        Place place = resizes.get(site);
        require(
                place != null && entries.get(place).header().length() == sizeBytes,
                () -> site + " says that there are " + sizeBytes + " bytes, and wrote that at " + place);
        acknowledged.computeIfAbsent(site, key -> new ArrayList<>()).add(place);
        resized++;
    }

    /** By order, what a site had for itself is no longer wanted. */
    void discarded(String site) {
        acknowledged.remove(site);
    }

    List<Place> acknowledged(String site) {
        return List.copyOf(acknowledged.getOrDefault(site, List.of()));
    }

    /** What was acknowledged is on the branch that goes on behind a place. */
    void contains(Place end, List<Place> promised) {
        Set<Place> branch = branch(end);
        for (Place one : promised) {
            require(branch.contains(one), () -> "the acknowledged write at " + one + " is not on the branch to " + end);
        }
    }

    /** Whether what ends there can become what ends at the other place by adding to it. */
    boolean isBegunBy(Place end, Place beginning) {
        Set<Place> branch = branch(end);
        return branch(beginning).stream().allMatch(branch::contains);
    }

    /** Whether an epoch is the newest one of a branch, or before that. */
    boolean leadsTo(UUID newest, UUID epoch) {
        UUID at = newest;
        while (at != null && !at.equals(epoch)) {
            at = predecessors.get(at);
        }
        return at != null;
    }

    private Set<Place> branch(Place end) {
        Set<Place> branch = new HashSet<>();
        Place at = end;
        while (!entries.containsKey(at) && predecessors.containsKey(at.epoch())) {
            // An epoch without an event.
            at = new Place(predecessors.get(at.epoch()), at.sequence());
        }
        while (entries.containsKey(at)) {
            branch.add(at);
            at = entries.get(at).before();
        }
        return branch;
    }

    // ---- what outlives the loss of a primary

    /** So many acknowledged writes had to be there at a promotion, and were. */
    long survived() {
        return survived;
    }

    /** A site's own epoch begins: it has whatever was promised anywhere. */
    void promoted(String site, Epoch epoch) {
        boolean begun = predecessors.put(epoch.identity(), epoch.predecessorIdentity()) != null;
        succession.started(epoch);
        if (begun) {
            // A site that is copied anew: the relay begins inside an epoch that was its own once.
            return;
        }
        Place end = new Place(epoch.predecessorIdentity(), epoch.firstSequence() - 1);
        if (!unsure.contains(site)) {
            survives(end);
        }
    }

    /** Whether all that was promised is on the branch that ends there. */
    boolean keeps(Place end) {
        return branch(end).containsAll(promised);
    }

    void survives(Place end) {
        contains(end, promised);
        survived += promised.size();
    }

    /** What a promotion comes to is awaited, which may name peers that have more. */
    void promotes(String site) {
        unsure.add(site);
    }

    /** It has named some, or is sure that nobody has more. */
    void promoted(String site, Place end, boolean named) {
        unsure.remove(site);
        if (named) {
            Set<Place> branch = branch(end);
            promised.removeIf(place -> !branch.contains(place));
        } else {
            survives(end);
        }
    }

    // ---- images

    /** What was read while the head was between two places is that; block by block where it moved meanwhile. */
    void shown(String site, List<Epoch> epochs, long head, long to, byte[] read) {
        // The head passes a change of the size first, and nothing behind it before that is carried out and shown.
        long from = isResize(place(epochs, head)) ? head - 1 : head;
        long[] seen = new long[read.length / BLOCK];
        ByteBuffer bytes = ByteBuffer.wrap(read);
        for (int block = 0; block < seen.length; block++) {
            int at = block;
            seen[block] = bytes.getLong(block * BLOCK);
            boolean whole = true;
            for (int i = 0; i < BLOCK; i += Long.BYTES) {
                whole &= bytes.getLong(block * BLOCK + i) == seen[block];
            }
            require(whole, () -> site + " shows a torn block " + at);
        }
        List<long[]> images = new ArrayList<>();
        for (long sequence = from; sequence <= to; sequence++) {
            Place place = place(epochs, sequence);
            require(
                    sequence == 0 || entries.containsKey(place),
                    () -> site + " is at " + place + ", which nobody wrote");
            images.add(blocks(place));
        }
        if (from == to) {
            require(
                    Arrays.equals(seen, images.get(0)),
                    () -> site + " at " + from + " shows " + Arrays.toString(seen) + " and not "
                            + Arrays.toString(images.get(0)));
            compared++;
        }
        require(
                images.stream().anyMatch(image -> image.length == seen.length),
                () -> site + " has " + seen.length + " blocks, and no image from " + from + " to " + to + " has");
        for (int block = 0; block < seen.length; block++) {
            int at = block;
            require(
                    images.stream().anyMatch(image -> at < image.length && image[at] == seen[at]),
                    () -> site + " shows a block " + at + " that is in no image from " + from + " to " + to);
        }
    }
}
