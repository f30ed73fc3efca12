package io.tidemark.api.mirror;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Everything that a person may do to replicas of a node. An OSGi service, as long as there is an engine. Safe for all threads.
 * Calls may wait for stores and for the peer, within bounded times; they return when what they say is so, or fail and leave things
 * as they were, except where a method says more. Wishes are kept in configuration and survive restarts.
 *
 * <p>Beside the reasons that a method names, each fails with UNAVAILABLE while the engine is away or the image is suspended, and
 * with IO or NO_SPACE where a configuration cannot be kept. Every message names the thing, the cause and the next step.
 */
@ProviderType
public interface MirrorManager {
    // ---- peers

    /**
     * The key by which peers know this node: what is given to {@link #addPeer} at the other node.
     *
     * @return {@code ed25519:} and 64 hexadecimal digits in lower case
     */
    String ownKey();

    /**
     * Where peers reach this node.
     *
     * @return addresses that {@link PeerSettings#address} of another node may name, by the transports that listen now; empty while
     *     none does
     */
    List<String> ownAddresses();

    /**
     * By what peers can be reached.
     *
     * @return what {@link PeerSettings#transport} may name now: the transports that there are, sorted, and behind them
     *     {@link PeerSettings#LOCAL}, for which there is none
     */
    List<String> transports();

    /**
     * All peers.
     *
     * @return sorted by name
     */
    List<PeerStatus> peers();

    /**
     * Adds a peer, and begins to link with it. Does not wait for the link: {@link #peers} shows what becomes of it, and of a peer
     * without a key the one that it showed.
     *
     * @param name what it is to be called here: letters, digits, dots, dashes and underscores
     * @param settings what is wished of it
     * @return how it is
     * @throws StorageException EXISTS when there is a peer of the name or with the key; INVALID for a name, key or fingerprint that
     *     is none. What an address means only its transport knows, so one that is none is trouble of the peer when it is dialled
     */
    PeerStatus addPeer(String name, PeerSettings settings) throws StorageException;

    /**
     * Forgets a peer, and ends the link with it.
     *
     * @param name of it
     * @throws StorageException NOT_FOUND; BUSY while images are mirrored with it, and names them: disable these first
     */
    void removePeer(String name) throws StorageException;

    // ---- images

    /**
     * Has a peer follow an image of this node: a primary, or a replica, whose events go on to the peer as they come. The peer
     * makes the replica and copies the image meanwhile; where it has a replica of this very image already (after a change of
     * roles, say), that one follows, and only what it lacks is sent. Returns when the peer has taken the wish durably; {@link
     * #status} shows the copy.
     *
     * @param image its name here
     * @param peer which; linked
     * @param options what is wished of the replica
     * @return how it is
     * @throws StorageException NOT_FOUND (image or peer, or a pool there); UNAVAILABLE when the peer is not linked or does
     *     not answer; INVALID for options that the peer refuses, and for a replica here that is not consistent or keeps no
     *     journal; EXISTS when the peer has another image of the name; BUSY when the image there is a primary, or follows
     *     another peer; READ_ONLY when the peer does not let this node place replicas
     */
    MirrorStatus enable(String image, String peer, ReplicaOptions options) throws StorageException;

    /**
     * Ends the mirroring of an image with a peer, whichever of the two is called. The replica stays as it is, with its role, and is
     * read only; its source keeps nothing for it any more. Also where the peer is not linked: then only this side forgets.
     *
     * @param image its name here
     * @param peer which; empty where the image's configuration as a replica is refused, which is removed then; or, as {@link #status}
     *     has it, the id of a client of the journal that is at a node whose key no peer has (any more), or at a peer that may
     *     not have the image: then only the journal here forgets it
     * @return whether the other node knows, or there is none. When false, run it there too; as long as it is a source that was not
     *     told, its journal is kept for the replica
     * @throws StorageException NOT_FOUND when the image is not mirrored with the peer; MISMATCH for the id of a client at a
     *     peer that may have the image, or when it is not known yet who the peers are
     */
    boolean disable(String image, String peer) throws StorageException;

    /**
     * All images that are mirrored, in both directions.
     *
     * @return sorted by image and peer
     */
    List<MirrorStatus> status();

    /**
     * One image, with each of its peers.
     *
     * @param image its name here
     * @return sorted by peer
     * @throws StorageException NOT_FOUND when it is not mirrored
     */
    List<MirrorStatus> status(String image) throws StorageException;

    // ---- the head of a replica; at the node that has it

    /**
     * Holds a replica's image where it is. It goes on receiving. Survives restarts.
     *
     * @param image its name
     * @return how it is; {@code heldAt} says where
     * @throws StorageException NOT_FOUND; MISMATCH when it is primary; INVALID while it is not consistent
     */
    MirrorStatus hold(String image) throws StorageException;

    /**
     * Lets a replica's image follow again, with the delay that is wished of it.
     *
     * @param image its name
     * @return how it is
     * @throws StorageException NOT_FOUND; MISMATCH when it is primary
     */
    MirrorStatus release(String image) throws StorageException;

    /**
     * Holds a replica's image some events further on. Returns when its image is there.
     *
     * @param image its name
     * @param events at least 1; where it has received fewer, it goes as far as these
     * @return how it is; {@code heldAt} says where
     * @throws StorageException NOT_FOUND; MISMATCH when it is primary; INVALID when it is not consistent, has received no further
     *     event, or {@code events} is less than 1
     */
    MirrorStatus step(String image, long events) throws StorageException;

    /**
     * Holds a replica's image at a position. Returns when its image is there.
     *
     * @param image its name
     * @param to not behind its head, and received
     * @return how it is
     * @throws StorageException as the other {@code step}; MISMATCH also for a position of another branch, INVALID also for one
     *     behind the head or not received
     */
    MirrorStatus step(String image, Position to) throws StorageException;

    /**
     * Changes the delay of a replica. In force when it returns; a held replica stays held, and has it when it is released. A shorter
     * delay takes effect at once, a longer one by waiting.
     *
     * @param image its name
     * @param delayNanos how far it stays behind its source, in the source's time; 0 for real time
     * @return how it is
     * @throws StorageException NOT_FOUND; MISMATCH when it is primary; INVALID for a negative one, or when it follows nobody
     */
    MirrorStatus delay(String image, long delayNanos) throws StorageException;

    // ---- roles

    /**
     * Turns a replica on this node into the primary, at everything that it has received, whatever hold or delay. First asks all
     * peers how far they are with the image, and fetches what the furthest one has more on the same branch.
     *
     * @param image its name
     * @param force false: only when it is sure that nothing is missing and nobody else is primary, because the primary before was
     *     demoted and everything of it is here. True: in any case, as when the primary's site is gone: what it had acknowledged
     *     and this replica did not receive is missing then, and when it comes back, both have a branch of their own
     * @return what became of it, with what is known to be missing
     * @throws StorageException NOT_FOUND; MISMATCH when it is primary already; INVALID while the replica is not consistent.
     *     Without force also MISMATCH when the source or another peer is primary, or about to be, when the source follows another
     *     node or was taken over by one, and when the image of the source or of another peer is on a branch of its own;
     *     UNAVAILABLE when the source cannot be asked and the replica has not received a demotion, or another peer cannot be
     *     asked; when the demotion has not come, and who wrote last is no peer that answers, or another peer is silent or has
     *     more; while events of the source are missing, and when a peer has more and cannot give it; BUSY while it is being
     *     promoted already
     */
    Promotion promote(String image, boolean force) throws StorageException;

    /**
     * Fetches what replicas of reachable peers have received more, as {@link #promote} does, and changes nothing else: for who has to
     * find a moment in the journal before {@link #promoteAt(String, Position, boolean, GivenUp)}.
     *
     * @param image its name
     * @return events that were fetched; 0 when nobody has more
     * @throws StorageException NOT_FOUND; MISMATCH when it is primary; INVALID while the replica is not consistent
     */
    long fetch(String image) throws StorageException;

    /**
     * Turns a replica on this node into the primary as it was at an earlier position, and gives up what it has received behind that:
     * for a delayed or held replica whose source was spoilt. Its source, and every replica that has more, are on another branch
     * from then on.
     *
     * @param image its name
     * @param at not behind its head, and received, here or by a replica of a reachable peer, from which the rest is fetched then
     * @param force false: only when it is sure that nobody else is primary, because the primary before was demoted and says so, or
     *     cannot be asked and its demotion was received here. True: in any case, as for {@link #promote}
     * @return what became of it; {@code missingEvents} counts what the source is known to have behind the position
     * @throws StorageException as {@link #promote}, except that events of the source and of peers may be missing; INVALID
     *     also for a position behind the head or not received, MISMATCH also for one of another branch
     */
    default Promotion promoteAt(String image, Position at, boolean force) throws StorageException {
        return promoteAt(image, at, force, GivenUp.KEPT);
    }

    /**
     * As {@link #promoteAt(String, Position, boolean)}, which keeps what is given up.
     *
     * @param image its name
     * @param at not behind its head, and received
     * @param force as there
     * @param given what is to become of what is received and lies behind the position
     * @return what became of it
     * @throws StorageException as there; NO_SPACE, NOT_FOUND or IO when that cannot be kept, BUSY when it is not to be given up
     */
    Promotion promoteAt(String image, Position at, boolean force, GivenUp given) throws StorageException;

    /**
     * Has a primary on this node admit writes that waits for its replicas to say whether one of them was promoted. If one was, both
     * are written until they are linked.
     *
     * @param image its name
     * @throws StorageException NOT_FOUND; MISMATCH when it is a replica, or does not wait for that; UNAVAILABLE
     */
    void admit(String image) throws StorageException;

    /**
     * Turns a primary on this node into a replica: clients' writes fail from now on, and everything acknowledged is durable and
     * applied. Its peers go on receiving what they lack; then one of them can be promoted without force, also where this node is
     * away, unless a warning said that the journal could not take the end of its epoch. Where the image is mirrored to one peer
     * only, it follows that one as soon as it is primary.
     *
     * @param image its name
     * @return the position at which it ends
     * @throws StorageException NOT_FOUND; MISMATCH when it is a replica already
     */
    Position demote(String image) throws StorageException;

    /**
     * Changes the roles of this node and a peer without losing a write: waits until the replica there is close, demotes the image
     * here, waits until the peer has everything, promotes it there, and follows it. When the peer cannot, or the listener gives up,
     * the image is promoted here again.
     *
     * @param image its name; primary here
     * @param peer which has a replica of it; linked
     * @param listener told of the steps; {@code done} and {@code total} are events that the peer has to receive
     * @return what became of it
     * @throws StorageException NOT_FOUND; MISMATCH when the image is a replica here; INVALID while the replica there is not
     *     consistent; UNAVAILABLE when the peer is not linked or refuses; CLOSED when the listener gave up. In all these the
     *     image is primary here as before. STALE_SERVICE when the link broke while the peer was being promoted: the image stays
     *     a replica here, because the peer may be primary; the message says how to find out and what to run
     */
    Promotion switchOver(String image, String peer, WorkListener listener) throws StorageException;

    // ---- comparing, and beginning anew

    /**
     * Compares an image here with the peer's, each part at one and the same position, while clients write. Changes nothing.
     *
     * @param image its name; primary or replica
     * @param peer which has the other one; linked
     * @param listener told of the progress in bytes
     * @return what was found
     * @throws StorageException NOT_FOUND when it is not mirrored with the peer; INVALID while the replica is not consistent;
     *     MISMATCH when both are on different branches; UNAVAILABLE; CLOSED when the listener gave up
     */
    Verification verify(String image, String peer, WorkListener listener) throws StorageException;

    /**
     * Begins anew with an image on this node, from a peer that is primary or follows another node: for a replica that cannot go
     * on from where it is, because its source no longer has what it lacks, or because both wrote. Its journal here is given up;
     * configuration, delay and name stay, and so do its bytes: both sides compare them by checksums, and what differs is sent.
     * All of it is deleted and copied where it cannot be opened here, or has another size than the peer's. Returns when that can
     * begin; {@link #status} shows it.
     *
     * @param image its name here
     * @param peer to copy from; it mirrors the image with this node, or did before roles changed
     * @param discard whether the branch that only this node has is given up and its events are kept: needed when the image is
     *     primary here or has events that the peer's has not
     * @return how it is
     * @throws StorageException as {@link #resync(String, String, GivenUp)}
     */
    default MirrorStatus resync(String image, String peer, boolean discard) throws StorageException {
        return resync(image, peer, discard ? GivenUp.KEPT : GivenUp.REFUSED);
    }

    /**
     * As {@link #resync(String, String, GivenUp, boolean)}, comparing where that can be.
     *
     * @param image its name here
     * @param peer to copy from
     * @param given what is to become of events that only this node has
     * @return how it is
     * @throws StorageException as that
     */
    default MirrorStatus resync(String image, String peer, GivenUp given) throws StorageException {
        return resync(image, peer, given, false);
    }

    /**
     * As {@link #resync(String, String, boolean)}.
     *
     * @param image its name here
     * @param peer to copy from; it mirrors the image with this node, or did before roles changed
     * @param given what is to become of events that only this node has. To keep them, or its bytes, a primary is demoted first, so
     *     that nobody writes any more
     * @param whole whether what is here is deleted first and all bytes are sent, without a comparison
     * @return how it is
     * @throws StorageException NOT_FOUND when it is not mirrored with the peer; MISMATCH when the peer's image is a replica
     *     that follows nobody else, or when nobody knows where the branch that is to be kept begins; BUSY when clients are
     *     attached, where something would be lost that must not, while another order changes the image's role, or when it was
     *     promoted here meanwhile; NO_SPACE or NOT_FOUND when the branch does not fit, or the journal no longer has all of it;
     *     UNAVAILABLE when the peer is not linked
     */
    MirrorStatus resync(String image, String peer, GivenUp given, boolean whole) throws StorageException;

    // ---- branches

    /**
     * Where an image parted from those of peers, and how much each side changed since. Looks at the journals of both sides: takes as
     * long as there are events, and is remembered for some seconds. Only peers that are linked are asked.
     *
     * @param image its name
     * @return one for each peer whose branch is another one; empty when there is none
     * @throws StorageException NOT_FOUND when it is not mirrored
     */
    List<Split> splits(String image) throws StorageException;

    /**
     * Branches that were given up on this node and are kept.
     *
     * @return sorted by name
     * @throws StorageException IO
     */
    List<KeptBranch> keptBranches() throws StorageException;

    /**
     * Deletes a branch that is kept. Durable when it returns.
     *
     * @param name as in {@link #keptBranches}
     * @throws StorageException NOT_FOUND or IO
     */
    void discardBranch(String name) throws StorageException;
}
