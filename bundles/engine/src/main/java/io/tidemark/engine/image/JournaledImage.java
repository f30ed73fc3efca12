package io.tidemark.engine.image;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.Watermarks;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.journal.Journal;
import java.util.List;
import java.util.Map;

/**
 * One image with its journal: the write path, the overlay, applying, checkpoints, recovery. It is the device that clients
 * see, and it stays the same object while its stores are replaced. Safe for all threads.
 *
 * <p>Journal and image are lent: whoever opened them closes them, after {@link #suspend} or {@link #close} has returned.
 */
public final class JournaledImage implements BlockDevice, AutoCloseable {
    private JournaledImage() {}

    /**
     * Opens an image: compares identity, epoch and positions of image and journal, reads what lies between the checkpoint and
     * the journal's end, starts a new epoch, starts its workers. Serves when it returns; what was read is applied while
     * clients already read and write.
     *
     * @param context clock, threads, payload memory
     * @param labels what it is called
     * @param settings limits
     * @param rule when writes are acknowledged
     * @param journal open, and not used by anybody else
     * @param image open, and not used by anybody else
     * @param listener of the one who manages it
     * @return the image
     * @throws StorageException MISMATCH when the two do not belong together, CORRUPT, NO_SPACE or IO. Both are as before,
     *     to be closed by the caller
     */
    public static JournaledImage open(
            StorageContext context,
            ImageLabels labels,
            ImageSettings settings,
            CommitRule rule,
            Journal journal,
            BlockImage image,
            ImageListener listener)
            throws StorageException {
        throw new UnsupportedOperationException();
    }

    /**
     * Gives an image a new and empty journal, because its old one is lost or stays behind: starts the first epoch of the new
     * journal as the successor of the one that the image's head names, and stores a head that names the new journal. To be
     * called before {@link #open}. What was in the lost journal and not yet in the image is gone.
     *
     * @param context clock and randomness
     * @param owner the node that writes it
     * @param journal new: without any epoch
     * @param journalPool pool of the new journal
     * @param image the image
     * @throws StorageException INVALID when the journal is not new, NO_SPACE or IO
     */
    public static void adoptNewJournal(
            StorageContext context, String owner, Journal journal, String journalPool, BlockImage image)
            throws StorageException {
        throw new UnsupportedOperationException();
    }

    /**
     * Lets requests wait from now on, ends what is under way, and lets go of journal and image. Where they still work, what is
     * appended is forced and acknowledged first, and what is applied is checkpointed. When it returns the caller closes both.
     * Does nothing but note the reason when it is suspended already and the stores are let go.
     *
     * @param why for people: "no journal store for pool flash"
     */
    public void suspend(String why) {
        throw new UnsupportedOperationException();
    }

    /**
     * Goes on with reopened stores: compares identity, epoch and {@code durable}, appends again at the same positions what
     * the journal lacks, answers what is durable by now, and lets requests through. Nothing that is acknowledged was lost;
     * nothing is replayed unless the image was not forced before it was closed.
     *
     * @param journal the same journal, open again
     * @param image the same image, open again
     * @throws StorageException MISMATCH when they are not the same or lost what was durable; IO. The image stays
     *     suspended, and the caller closes both
     */
    public void resume(Journal journal, BlockImage image) throws StorageException {
        throw new UnsupportedOperationException();
    }

    /**
     * Changes the commit rule; it takes effect between two writes.
     *
     * @param rule the new one. What waits for peers waits for {@code DURABLE} here: there are no peers yet
     */
    public void rule(CommitRule rule) {
        throw new UnsupportedOperationException();
    }

    /**
     * The commit rule in force.
     *
     * @return never null
     */
    public CommitRule rule() {
        throw new UnsupportedOperationException();
    }

    /**
     * Changes limits; they take effect with the next request.
     *
     * @param settings the new ones
     */
    public void settings(ImageSettings settings) {
        throw new UnsupportedOperationException();
    }

    /**
     * The limits in force.
     *
     * @return never null
     */
    public ImageSettings settings() {
        throw new UnsupportedOperationException();
    }

    /**
     * The watermarks, all of one instant.
     *
     * @return always in order
     */
    public Watermarks watermarks() {
        throw new UnsupportedOperationException();
    }

    /**
     * Position of the last durable event.
     *
     * @return {@link Position#NONE} before the first one
     */
    public Position head() {
        throw new UnsupportedOperationException();
    }

    /**
     * What the image does.
     *
     * @return SERVING, HOLDING, FAILING, SUSPENDED or STOPPING
     */
    public ImageStatus.State state() {
        throw new UnsupportedOperationException();
    }

    /**
     * Why it does not serve.
     *
     * @return empty when it serves
     */
    public String detail() {
        throw new UnsupportedOperationException();
    }

    /**
     * What an operator should know now.
     *
     * @return lines for people; empty when all is well
     */
    public List<String> warnings() {
        throw new UnsupportedOperationException();
    }

    /**
     * Attached sessions.
     *
     * @return a line each, for people
     */
    public List<String> clients() {
        throw new UnsupportedOperationException();
    }

    /**
     * Bytes of events that are appended and not yet applied.
     *
     * @return bytes
     */
    public long backlogBytes() {
        throw new UnsupportedOperationException();
    }

    /**
     * Numbers since the image was opened, by name; gauges of now among them.
     *
     * @return a new map
     */
    public Map<String, Long> counters() {
        throw new UnsupportedOperationException();
    }

    /**
     * Forces, applies and checkpoints everything that is appended now.
     *
     * @throws StorageException UNAVAILABLE while suspended, NO_SPACE while the image is full, or IO
     */
    public void checkpoint() throws StorageException {
        throw new UnsupportedOperationException();
    }

    /**
     * The last sequence that the engine itself does not need: the least of the checkpoint and what is being read.
     *
     * @return a floor for {@link #trim}
     */
    public long trimFloor() {
        throw new UnsupportedOperationException();
    }

    /**
     * Trims the journal, bounded by {@link #trimFloor}, and lets held writes try again.
     *
     * @param upTo the least of all votes and clients' positions; the last sequence that nobody needs
     * @return the journal's new trimmed sequence
     * @throws StorageException UNAVAILABLE while suspended, or IO
     */
    public long trim(long upTo) throws StorageException {
        throw new UnsupportedOperationException();
    }

    /** Lets held writes try again, because a limit was raised or space was made. */
    public void retryHeld() {
        throw new UnsupportedOperationException();
    }

    /**
     * Changes the size, as an event in the journal: applies everything before it, then cuts or grows the image, and
     * checkpoints. Writes wait meanwhile. What is cut is gone.
     *
     * @param newSizeBytes a multiple of 512, above 0
     * @throws StorageException INVALID, NO_SPACE, UNAVAILABLE while suspended, or IO
     */
    public void resize(long newSizeBytes) throws StorageException {
        throw new UnsupportedOperationException();
    }

    /**
     * Checks what must hold at every instant: the order of the watermarks, the consistency of the overlay, the bounds. For
     * tests and the simulator; costs time in proportion to the backlog.
     *
     * @throws AssertionError naming what is broken
     */
    public void checkInvariants() {
        throw new UnsupportedOperationException();
    }

    @Override
    public String name() {
        throw new UnsupportedOperationException();
    }

    @Override
    public String description() {
        throw new UnsupportedOperationException();
    }

    @Override
    public long sizeBytes() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int preferredBlockBytes() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean readOnly() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean writeCache() {
        throw new UnsupportedOperationException();
    }

    @Override
    public DeviceSession connect(String client, SessionListener listener) throws StorageException {
        throw new UnsupportedOperationException();
    }

    /**
     * Ends the sessions, answers what is under way, forces, applies, checkpoints, and stops the workers. While suspended it
     * only fails what waits, with UNAVAILABLE, and stops. Idempotent.
     *
     * @throws StorageException NO_SPACE or IO: what is acknowledged is in the journal, but the checkpoint is an older one
     */
    @Override
    public void close() throws StorageException {
        throw new UnsupportedOperationException();
    }
}
