package io.tidemark.api.replica;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Roles of images, and the receiving ends of replicas. An OSGi service of the engine. Safe for all threads; calls may wait for
 * stores, and return when what they say is so, or fail and leave things as they were.
 *
 * <p>What a source hands out comes from other services: its journal from {@link
 * io.tidemark.api.admin.ImageManager#journal}, its bytes and extents from a session of {@link
 * io.tidemark.api.device.DeviceRegistry}.
 */
@ProviderType
public interface ReplicaManager {
    /**
     * The identities of journal clients that stand for replicas begin with it. A primary with such a client asks before it admits
     * writes, and so does one that was promoted, or lost its journal: these cannot know by it who their peers are.
     */
    String CLIENT_PREFIX = "mirror:";

    /**
     * Identity, role, epochs and watermarks of an image. Known while it is suspended, too.
     *
     * @param image its name
     * @return all of one instant
     * @throws StorageException NOT_FOUND, or UNAVAILABLE when the image was not opened yet or is refused
     */
    ImageFacts facts(String image) throws StorageException;

    /**
     * Makes an image with the role REPLICA, whose bytes are still to be copied. As {@link
     * io.tidemark.api.admin.ImageManager#create}, but identity, size and block are the source's. Undone on failure. To begin
     * anew with a replica, delete it first.
     *
     * @param image its name here
     * @param origin where it comes from
     * @param properties configuration keys, see {@link io.tidemark.api.admin.ImageKeys}; missing ones get defaults
     * @return its status
     * @throws StorageException INVALID (names the key), EXISTS, NOT_FOUND (a pool or policy), NO_SPACE, BUSY or IO
     */
    ImageStatus create(String image, ReplicaOrigin origin, Map<String, String> properties) throws StorageException;

    /**
     * Makes a replica of an image that is there, whose bytes are a seed: an older copy of the source, or what somebody took for
     * one. They stay, and are to be compared and corrected; what the image was itself, with its journal, is given up. From the
     * durable change on it is the replica, also after a crash.
     *
     * @param image its name here
     * @param seed identity of the image that may be given up, or of its journal: of a replica that begins anew with its own bytes,
     *     whose identity is the source's already
     * @param origin where the replica comes from
     * @return its status
     * @throws StorageException NOT_FOUND; MISMATCH when it is another image; INVALID when its size or a key of its configuration
     *     is not the source's; BUSY when clients are connected; UNAVAILABLE when it does not serve; UNSUPPORTED by its pool;
     *     NO_SPACE or IO
     */
    ImageStatus adopt(String image, UUID seed, ReplicaOrigin origin) throws StorageException;

    /**
     * Takes the receiving end of a replica. There is one at a time.
     *
     * @param image its name
     * @return the receiving end; the caller closes it
     * @throws StorageException NOT_FOUND, MISMATCH when it is primary, BUSY when somebody has it, UNAVAILABLE
     */
    Replica receive(String image) throws StorageException;

    /**
     * Gives the head of a replica an order. Durable and in force when it returns.
     *
     * @param image its name
     * @param order the new one, in place of the one before
     * @return what is the case now
     * @throws StorageException NOT_FOUND; MISMATCH when it is primary or the position is of another branch; INVALID for a
     *     position behind the head or above what is received, and for holding a replica that is not consistent; UNAVAILABLE;
     *     IO, and the order before stays in force
     */
    ImageFacts order(String image, HeadOrder order) throws StorageException;

    /**
     * Changes how far the head of a replica stays behind. Unlike {@link #order} it never takes back a hold: a replica that is held
     * stays held, also when the hold came only just before. Durable and in force when it returns.
     *
     * @param image its name
     * @param delayNanos in the source's time, not negative; 0 to follow live
     * @return what is the case now
     * @throws StorageException NOT_FOUND; MISMATCH when it is primary; UNAVAILABLE; IO, and the order before stays in force
     */
    ImageFacts delay(String image, long delayNanos) throws StorageException;

    /**
     * Turns a replica into a primary at what it has received, whatever its order: ends its receiving end, brings the head to
     * {@code received}, starts an epoch of this node, and admits writes.
     *
     * @param image its name
     * @return the facts with the new epoch
     * @throws StorageException NOT_FOUND; MISMATCH when it is primary already; INVALID while it is not consistent; BUSY while
     *     its role changes; UNAVAILABLE; NO_SPACE or IO. After IO the role is what {@link #facts} says
     */
    ImageFacts promote(String image) throws StorageException;

    /**
     * As {@link #promote}, at a position: what the replica has received behind it is given up. A crash leaves one or the other.
     * Where something is given up the image goes on with a new journal, in which its peers find the position if they end there.
     *
     * @param image its name
     * @param at not behind the replica's head, and received
     * @return the facts with the new epoch
     * @throws StorageException as {@link #promote}; INVALID also for a position behind the head or not received, MISMATCH also for
     *     one of another branch. When the new journal cannot be made, the image is primary and suspended, and goes on by itself
     *     as soon as it can
     */
    ImageFacts promoteAt(String image, Position at) throws StorageException;

    /**
     * Turns a primary into a replica that follows live: from now on clients' writes fail as read-only, everything that was
     * acknowledged is applied and checkpointed, and the journal ends with an event that says so. Where nothing was written since
     * the image was opened the journal stays as it is, so that an old primary can go on as a replica of the one that took over. A
     * journal that is full or fails just then does not say so: the image is a replica all the same, with a warning.
     *
     * @param image its name
     * @return the facts; {@code watermarks.durable()} is what a peer goes on from
     * @throws StorageException NOT_FOUND; MISMATCH when it is a replica already; BUSY while its role changes; UNAVAILABLE;
     *     NO_SPACE or IO. After IO the role is what {@link #facts} says
     */
    ImageFacts demote(String image) throws StorageException;

    /**
     * Why a primary admits no writes of clients.
     *
     * @param image its name
     * @return empty when it is not fenced, and for a replica
     * @throws StorageException as {@link #facts}
     */
    Optional<Fence> fence(String image) throws StorageException;

    /**
     * Ends a primary's writes, because a peer has a newer epoch: from now on they fail as READ_ONLY, those that wait at once,
     * and reads go on. In force when it is called, whatever becomes of storing it, and over restarts when it returns. {@link
     * #demote} ends it; nothing is lost or resolved by it. A newer fence takes the place of the one before.
     *
     * @param image its name
     * @param fence by whom
     * @throws StorageException NOT_FOUND; MISMATCH when it is a replica; UNAVAILABLE, NO_SPACE or IO: call it again, it is not
     *     durable yet
     */
    void fence(String image, Fence fence) throws StorageException;

    /**
     * Who had fenced a replica when it was demoted: a promotion of it overrules that epoch. Known until it is promoted, or begins
     * anew.
     *
     * @param image its name
     * @return empty when nobody had, for a primary, and where an earlier version noted only the epoch's identity
     * @throws StorageException as {@link #facts}
     */
    Optional<Fence> takenOver(String image) throws StorageException;

    /**
     * Admits writes again: an order at the peer has given up what was newer there. Does nothing where another peer has fenced it
     * meanwhile.
     *
     * @param image its name
     * @param fence that is over
     * @throws StorageException NOT_FOUND; UNAVAILABLE, NO_SPACE or IO, and it stays fenced
     */
    void unfence(String image, Fence fence) throws StorageException;

    /**
     * Primaries that hold the writes of their clients until their replicas were asked whether one of them was promoted: each
     * time that its stores were opened, and for as long as the image's configuration says.
     *
     * @return names of images, each with the number of its question; sorted, and of this instant
     */
    Map<String, Long> asking();

    /**
     * Whether a primary has lost the journal that knew its replicas: the one that it has now may know some of them, and only
     * configurations say who they all are.
     *
     * @param image its name
     * @return whether it was given a new one by order, and has been no replica since
     * @throws StorageException NOT_FOUND; UNAVAILABLE while it is not open
     */
    boolean lostItsJournal(String image) throws StorageException;

    /**
     * Whom to tell when another image begins to ask.
     *
     * @param listener called by workers of the engine, under no lock; must not wait. What it finds in {@link #asking} may be
     *     over by then
     * @return closing it ends that, and throws nothing
     */
    AutoCloseable whenAsking(Runnable listener);

    /**
     * Admits the writes of a primary: all its replicas were asked and have nothing newer, or somebody does without. Does nothing
     * when the question is over or another one is open.
     *
     * @param image its name
     * @param question its number
     * @throws StorageException NOT_FOUND, or UNAVAILABLE when the image is not open
     */
    void answered(String image, long question) throws StorageException;

    /**
     * What a replica of a primary has: moves the commit rules that wait for peers. Kept in memory only, and forgotten when the
     * image is opened anew; so it is to be reported when a replica is linked, too. Requests that waited for it are answered on the
     * calling thread; this waits for no store.
     *
     * @param image its name
     * @param progress as the replica reported last
     * @return whether the image's commit rule waits for peers: then each event is to be sent at once, while otherwise a few
     *     may be gathered for a moment
     * @throws StorageException NOT_FOUND or UNAVAILABLE; INVALID when it claims events that the image does not have
     */
    boolean peer(String image, PeerProgress progress) throws StorageException;

    /**
     * Forgets a replica of a primary.
     *
     * @param image its name
     * @param peer the name that it was reported under; nothing happens when there is none
     * @throws StorageException NOT_FOUND or UNAVAILABLE
     */
    void forgetPeer(String image, String peer) throws StorageException;
}
