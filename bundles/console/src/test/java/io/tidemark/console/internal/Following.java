package io.tidemark.console.internal;

import io.tidemark.api.Position;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.MirrorStatus.Copy;
import io.tidemark.api.mirror.MirrorStatus.Lag;
import io.tidemark.api.mirror.MirrorStatus.Marks;
import io.tidemark.api.mirror.MirrorStatus.Rate;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.replica.Consistency;
import java.util.Optional;

/** An image and a peer, as it is built up: at first idle, with everything at event 104,211. */
public final class Following {
    private final String image;
    private final Role role;
    private State state = State.UP_TO_DATE;
    private String words = "idle, has everything";
    private Consistency consistency = Consistency.CONSISTENT;
    private Marks marks = new Marks(104_211, 104_211, 104_211, 104_211, 104_211);
    private Lag lag = new Lag(0, 0, 0, 0, 0);
    private Rate rate = Rate.NONE;
    private long catchUpNanos;
    private long delayWantedNanos;
    private long delayActualNanos;
    private Position heldAt;
    private Copy copy;
    private String trouble = "";
    private String peer = "siteb";

    private Following(String image, Role role) {
        this.image = image;
        this.role = role;
    }

    /** One that follows siteb. */
    public static Following replica(String image) {
        return new Following(image, Role.REPLICA);
    }

    /** One that siteb follows. */
    public static Following source(String image) {
        Following source = new Following(image, Role.PRIMARY);
        source.marks = new Marks(104_211, 104_211, 104_211, -1, 104_211);
        source.delayWantedNanos = -1;
        source.delayActualNanos = -1;
        return source;
    }

    /** Its peer. */
    public Following peer(String name) {
        peer = name;
        return this;
    }

    /** Its state. */
    public Following state(State now, String inWords) {
        state = now;
        words = inWords;
        return this;
    }

    /** Its bytes. */
    public Following bytes(Consistency now) {
        consistency = now;
        return this;
    }

    /** Events that are not received, and others that are not applied, of 4 KiB each. */
    public Following lacks(long unreceived, long unapplied, long unreceivedNanos, long nanos) {
        long received = 104_211 - unreceived;
        long applied = received - unapplied;
        marks = new Marks(104_211, received, received, role == Role.PRIMARY ? -1 : applied, applied);
        lag = new Lag(unreceived + unapplied, 4096 * (unreceived + unapplied), nanos, unreceived, unreceivedNanos);
        delayActualNanos = role == Role.PRIMARY ? -1 : nanos;
        catchUpNanos = unreceived == 0 ? 0 : -1;
        return this;
    }

    /** How far both sides are. */
    public Following at(long durable, long received, long replayed) {
        state = State.CATCHING_UP;
        marks = new Marks(durable, received, received, -1, replayed);
        lag = new Lag(durable - replayed, 4096 * (durable - replayed), 1, durable - received, 1);
        return this;
    }

    /** What comes in, and how long it takes to have received everything. */
    public Following rate(double eventsPerSecond, long bytesPerSecond, long untilReceivedNanos) {
        rate = new Rate(eventsPerSecond, bytesPerSecond);
        catchUpNanos = untilReceivedNanos;
        return this;
    }

    /** A delay. */
    public Following delay(long wantedNanos) {
        delayWantedNanos = wantedNanos;
        return this;
    }

    /** A hold. */
    public Following held(Position at) {
        heldAt = at;
        return this;
    }

    /** A copy. */
    public Following copy(Copy now) {
        copy = now;
        return this;
    }

    /** Nothing is known but what the words say. */
    public Following unknown() {
        marks = Marks.UNKNOWN;
        lag = Lag.UNKNOWN;
        catchUpNanos = -1;
        delayWantedNanos = -1;
        delayActualNanos = -1;
        consistency = null;
        return this;
    }

    /** Its last error. */
    public Following trouble(String error) {
        trouble = error;
        return this;
    }

    /** What the mirror says of it. */
    public MirrorStatus status() {
        return new MirrorStatus(
                image,
                peer,
                image,
                role,
                state,
                words,
                Optional.ofNullable(consistency),
                marks,
                lag,
                rate,
                catchUpNanos,
                delayWantedNanos,
                delayActualNanos,
                Optional.ofNullable(heldAt),
                Optional.ofNullable(copy),
                trouble);
    }
}
