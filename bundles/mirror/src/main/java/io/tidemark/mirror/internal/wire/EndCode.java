package io.tidemark.mirror.internal.wire;

import io.tidemark.api.news.News.Topic;

/** Why a source does not serve an image. Codes are never reused. */
public enum EndCode {
    /** There is no such image. */
    NOT_FOUND(1, false),
    /** The image is a replica there. */
    NOT_PRIMARY(2, true),
    /** Both sides went on from the fork point. Needs a decision. */
    SPLIT_BRAIN(3, false),
    /** The images have nothing in common. Needs a decision. */
    UNRELATED(4, false),
    /** What the replica lacks is no longer in the journal: it has to be copied. */
    TRIMMED(5, false),
    /** The replica was expired and has to be copied anew. */
    EXPIRED(6, false),
    /** The replica has newer epochs than the source. */
    OLDER(7, true),
    /** Not now: the image or its store is away, or too much is under way. */
    UNAVAILABLE(8, true),
    /** The receiver broke the rules. */
    PROTOCOL(9, true),
    /** The source does not let this peer have the image. */
    FORBIDDEN(10, false);

    private final int code;
    private final boolean passing;

    EndCode(int code, boolean passing) {
        this.code = code;
        this.passing = passing;
    }

    /**
     * The number on the wire.
     *
     * @return 1 to 255
     */
    public int code() {
        return code;
    }

    /**
     * Whether it may be otherwise soon without anybody doing something here.
     *
     * @return true where trying again makes sense
     */
    public boolean passing() {
        return passing;
    }

    /**
     * Whether the replica comes no further until an order begins anew with it.
     *
     * @return true where mirror:resync is the way on
     */
    public boolean needsResync() {
        return this == SPLIT_BRAIN || this == UNRELATED || this == TRIMMED || this == EXPIRED;
    }

    /**
     * As what it is told.
     *
     * @return the topic of the news
     */
    public Topic topic() {
        return switch (this) {
            case SPLIT_BRAIN -> Topic.REPLICA_SPLIT_BRAIN;
            case EXPIRED -> Topic.REPLICA_EXPIRED;
            default -> Topic.REPLICA_REFUSED;
        };
    }

    /**
     * The reason of a code.
     *
     * @param code as received
     * @return null when there is none
     */
    public static EndCode ofCode(int code) {
        for (EndCode reason : values()) {
            if (reason.code == code) {
                return reason;
            }
        }
        return null;
    }
}
