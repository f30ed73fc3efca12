package io.tidemark.mirror.internal.wire;

/** What a message is. Codes are never reused. */
public enum Type {
    /** Who a side says that it is. */
    HELLO(1),
    /** The proof of it. */
    PROVE(2),
    /** Clocks, and the sign of life. */
    CLOCK(3),
    /** The receiver wants an image. */
    OPEN(16),
    /** How much it released. */
    CREDIT(17),
    /** How far it is. */
    PROGRESS(18),
    /** It wants no more. */
    LEAVE(19),
    /** Which parts of a seed it lacks. */
    WANTED(20),
    /** The source serves the image. */
    OPENED(32),
    /** The source serves it not, or no longer. */
    ENDED(33),
    /** The next epoch. */
    EPOCH(34),
    /** The next events. */
    EVENTS(35),
    /** How far the source is. */
    DURABLE(36),
    /** Bytes of the image. */
    RANGE(37),
    /** A part of the image that reads as zeros. */
    ZEROS(38),
    /** How far the copy is. */
    COPYING(39),
    /** The copy is whole. */
    COPIED(40),
    /** What parts of the image come to. */
    PARTS(41),
    /** Have a replica. */
    ENABLE(48),
    /** Have it no longer. */
    DISABLE(49),
    /** Say how an image is. */
    LOOK(50),
    /** Become primary. */
    PROMOTE(51),
    /** Compare. */
    VERIFY(52),
    /** Say what parts come to. */
    SUMS(53),
    /** The answer is not waited for. */
    QUIT(54),
    /** Say what became of an image behind a fork. */
    BRANCH(55),
    /** Say how the image of an identity is. */
    FIND(56),
    /** Done, or not. */
    ANSWERED(64),
    /** How an image is. */
    FACTS(65),
    /** It is primary. */
    PROMOTED(66),
    /** How far it is. */
    WORKING(67),
    /** What comparing found. */
    VERIFIED(68),
    /** What parts come to. */
    SUMMED(69),
    /** What became of it. */
    BRANCHED(70);

    private final int code;

    Type(int code) {
        this.code = code;
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
     * The type of a code.
     *
     * @param code as received
     * @return null when there is none
     */
    public static Type ofCode(int code) {
        for (Type type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        return null;
    }
}
