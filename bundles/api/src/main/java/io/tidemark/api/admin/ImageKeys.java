package io.tidemark.api.admin;

/**
 * Keys of an image's configuration, {@code etc/io.tidemark.image-NAME.cfg}. Sizes are written as in {@code 512MiB} or
 * {@code 10G}, durations as in {@code 30s} or {@code 1h}. Keys that begin with {@link #STRATEGY_PREFIX} belong to trim
 * strategies.
 */
public final class ImageKeys {
    /** Size of the image. Counts only when it is made; later a different one is refused. */
    public static final String SIZE = "size";

    /** A line for people. */
    public static final String DESCRIPTION = "description";

    /** Name of the image pool; {@code default} unless set. */
    public static final String POOL = "pool";

    /** Name of the journal pool; {@code default} unless set. */
    public static final String JOURNAL_POOL = "journalPool";

    /** Block that clients are told to prefer, a power of two from 512 to 64KiB. Counts only when the image is made. */
    public static final String BLOCK_SIZE = "blockSize";

    /** Name of the commit policy; {@code journal} unless set. */
    public static final String COMMIT = "commit";

    /** How many replicas the policies {@code replica-arrived} and {@code replica-durable} wait for, 1 to 16; 1 unless set. */
    public static final String PEER_COUNT = "peer.count";

    /**
     * What they do while fewer are linked and in sync: {@code hold} writes, {@code fail} them, or acknowledge them by the
     * {@code journal} of this node alone; {@code hold} unless set.
     */
    public static final String PEER_MISSING = "peer.missing";

    /** So long they wait for replicas before these count as missing. */
    public static final String PEER_TIMEOUT = "peer.timeout";

    /**
     * What becomes of a replica, or whoever else reads the image's journal, that is behind by more than {@link #PEER_SLOW_SIZE} or
     * {@link #PEER_SLOW_AGE}: the journal goes on to {@code hold} what it lacks, does so and {@code warn}s, or lets it {@code
     * expire}: what it lacks may be trimmed then, and it has to be copied anew. {@code hold} unless set.
     */
    public static final String PEER_SLOW = "peer.slow";

    /** It is behind by more than so much of the journal, to some segments. At most half of {@link #JOURNAL_LIMIT}. */
    public static final String PEER_SLOW_SIZE = "peer.slow.size";

    /** It lacks an event for longer than this. */
    public static final String PEER_SLOW_AGE = "peer.slow.age";

    /**
     * What a replica's journal keeps of what it received: {@code on}, what trim strategies say; or {@code off}, only what its image
     * does not have yet, and what is received is applied at once. Then it can be neither delayed nor held, and nothing can follow it.
     * {@code on} unless set. Of no effect while the image is primary.
     */
    public static final String RELAY = "relay";

    /**
     * What a primary with replicas does that is opened, and whose replicas do not say within {@link #PEER_ASK_TIMEOUT} whether
     * one of them was promoted meanwhile: {@code wait} on before it admits writes, or {@code serve}; {@code serve} unless set.
     */
    public static final String PEER_ASK = "peer.ask";

    /** So long they are waited for; 0 not at all, 30s unless set. */
    public static final String PEER_ASK_TIMEOUT = "peer.ask.timeout";

    /** Names of trim strategies, separated by commas; none unless set. */
    public static final String TRIM = "trim";

    /** How the keys of trim strategies begin, as in {@code trim.age}. */
    public static final String STRATEGY_PREFIX = "trim.";

    /** Most space that the journal takes in its pool. */
    public static final String JOURNAL_LIMIT = "journal.limit";

    /** Part of the journal's limit from which on a warning is shown, in percent: {@code 80%}. */
    public static final String JOURNAL_WARN = "journal.warn";

    /** What happens to writes while the journal is full: {@code hold} or {@code fail}. */
    public static final String JOURNAL_FULL = "journal.full";

    /** Most bytes of events that may be durable and not yet applied; bounds replay after a crash. */
    public static final String BACKLOG_LIMIT = "backlog.limit";

    /** Most entries of the index of what is not applied yet. */
    public static final String BACKLOG_ENTRIES = "backlog.entries";

    /** Most payload memory that the image keeps of the node's bound. */
    public static final String PAYLOAD_LIMIT = "payload.limit";

    /** A checkpoint is written when so many bytes were applied since the last one. */
    public static final String CHECKPOINT_BYTES = "checkpoint.bytes";

    /** And when so long has passed since the last one. */
    public static final String CHECKPOINT_INTERVAL = "checkpoint.interval";

    /** So long without a write, and what is durable is applied at once. */
    public static final String APPLY_IDLE = "apply.idle";

    /** So long clients wait while a store is missing; after that their requests fail. */
    public static final String SUSPEND_TIMEOUT = "suspend.timeout";

    private ImageKeys() {}
}
