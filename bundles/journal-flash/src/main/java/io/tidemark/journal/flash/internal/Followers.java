package io.tidemark.journal.flash.internal;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.base.machine.DurableDirectories;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of clients that read a journal from another process: each writes its own one, and whoever has the journal open reads
 * them all. So nobody writes what is another one's, and no claim is needed.
 *
 * <p>The file says how far the client is, or that it needs nothing any more. That it is there says that the client counts: whoever
 * has the journal open removes it to expire or forget the client, and then the client has to register anew.
 */
final class Followers {
    private static final Logger LOG = LoggerFactory.getLogger(Followers.class);
    /** What a file says that somebody else damaged, or a newer version wrote. */
    private static final Set<Reason> UNREADABLE = Set.of(Reason.CORRUPT, Reason.UNSUPPORTED);

    private final Files files;
    private final JournalPlaces places;
    private final UUID journal;
    /** Files that cannot be read, and of which that was said. One thread at a time. */
    private final Set<Path> unreadable = new HashSet<>();

    Followers(Files files, JournalPlaces places, UUID journal) {
        this.files = files;
        this.places = places;
        this.journal = journal;
    }

    // ---- by the follower

    /** Durable when it returns. */
    void register(JournalClient client) throws StorageException {
        if (!isThere(client.id())) {
            DurableDirectories.make(files, places.followers());
        }
        ClientTable.save(files, places.follower(client.id()), journal, List.of(client));
    }

    /** As {@link #register}, of one that is registered already. */
    void move(JournalClient client) throws StorageException {
        if (!isThere(client.id())) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "journal " + places.journal() + " no longer waits for the client '" + client.id() + "'",
                    "register it again, and look whether what it needs was trimmed");
        }
        register(client);
    }

    boolean isThere(String id) throws StorageException {
        return files.exists(places.follower(id));
    }

    // ---- by whoever has the journal open

    /**
     * Clients with what followers say.
     *
     * @param clients the same list as before when there is nothing new
     * @param gone those that said that they need nothing any more
     */
    record Merged(List<JournalClient> clients, List<String> gone) {}

    Merged merge(List<JournalClient> known) throws StorageException {
        Map<String, JournalClient> all = new TreeMap<>();
        known.forEach(client -> all.put(client.id(), client));
        List<String> gone = new ArrayList<>();
        boolean changed = false;
        for (String name : files.list(places.followers())) {
            if (!name.endsWith(JournalPlaces.FOLLOWER_SUFFIX)) {
                // One that is being made, or nothing of a follower's.
                continue;
            }
            String id = name.substring(0, name.length() - JournalPlaces.FOLLOWER_SUFFIX.length());
            for (JournalClient says : load(places.follower(id), all.get(id), id)) {
                if (says.state() == JournalClient.State.EXPIRED) {
                    gone.add(says.id());
                    changed |= all.remove(says.id()) != null;
                } else if (isNews(all.get(says.id()), says)) {
                    all.put(says.id(), says);
                    changed = true;
                }
            }
        }
        return new Merged(changed ? List.copyOf(all.values()) : known, gone);
    }

    /** One that has just been made, or removed, says nothing yet, or no more. */
    private List<JournalClient> load(Path path, JournalClient known, String id) throws StorageException {
        try {
            List<JournalClient> says = ClientTable.load(files, path, journal);
            unreadable.remove(path);
            return says;
        } catch (StorageException e) {
            if (e.reason() == Reason.NOT_FOUND || !files.exists(path)) {
                return List.of();
            }
            if (!UNREADABLE.contains(e.reason())) {
                throw e;
            }
            return unreadable(path, known, id, e);
        }
    }

    /**
     * One file must not keep the journal from going on, and nothing may be trimmed that its client still needs. One that counts
     * goes on from where it was known to be, because positions only ever rise. Of any other one nobody knows what it needs: it
     * counts from the beginning, by its name, so that it is seen and can be removed as any client.
     */
    private List<JournalClient> unreadable(Path path, JournalClient known, String id, StorageException why) {
        boolean counts = known != null && known.state() == JournalClient.State.CONNECTED;
        if (unreadable.add(path)) {
            LOG.warn(
                    "Journal {}: what its client '{}' says cannot be read, and it counts {}: {}. The client"
                            + " writes the file anew when it moves on; when its node is gone for good, mirror:disable gives"
                            + " the client up and removes the file",
                    places.journal(),
                    id,
                    counts ? "as it did" : "as if it needed all that is there",
                    why.getMessage());
        }
        return counts ? List.of() : List.of(new JournalClient(id, "", Position.NONE, JournalClient.State.CONNECTED, 0));
    }

    /** A position is never taken back; one that was expired and is there again has registered anew. */
    private static boolean isNews(JournalClient before, JournalClient says) {
        return before == null
                || before.state() == JournalClient.State.EXPIRED
                || says.commit().sequence() > before.commit().sequence()
                || (says.seenNanos() > before.seenNanos() && says.commit().equals(before.commit()));
    }

    /**
     * The client does not count any more. Durable when it returns: a file that came back would count again, whatever the table
     * of clients says.
     */
    void remove(String id) throws StorageException {
        if (isThere(id)) {
            files.delete(places.follower(id));
            files.forceDirectory(places.followers());
        }
    }
}
