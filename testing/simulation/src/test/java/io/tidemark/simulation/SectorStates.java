package io.tidemark.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * All contents that one sector may have: now, for a read that started earlier, and after a crash. Writes that are under
 * way may have taken effect or not, in any order; each possible outcome is a state.
 *
 * <p>A state that an acknowledgement or a read has ruled out is kept as long as a read that started before may return it,
 * or as long as a crash may bring it back.
 */
final class SectorStates {
    /** More writes under way on one sector than this would make too many states; clients go elsewhere. */
    static final int MOST_UNDER_WAY = 3;

    private static final int MOST_STATES = 16;

    private static final long ALIVE = Long.MAX_VALUE;

    private final List<State> states = new ArrayList<>(2);
    private final Object[] underWay = new Object[MOST_UNDER_WAY];
    private final byte[][] contents = new byte[MOST_UNDER_WAY][];
    private final int[] starts = new int[MOST_UNDER_WAY];
    private long changedAt;

    /** One possible content, and which of the writes under way have taken effect in it. */
    private static final class State {
        private final byte[] bytes;
        private int applied;
        private long removedAt = ALIVE;
        private boolean crashable = true;

        State(byte[] bytes, int applied) {
            this.bytes = bytes;
            this.applied = applied;
        }

        boolean alive() {
            return removedAt == ALIVE;
        }

        boolean mayComeBack(long durableSince) {
            return crashable && removedAt > durableSince;
        }
    }

    SectorStates(byte[] content) {
        states.add(new State(content, 0));
    }

    /** Failed writes leave two outcomes each, and writes under way many more: there nobody writes until a read has settled it. */
    boolean crowded() {
        if (possible() > MOST_STATES) {
            return true;
        }
        for (Object write : underWay) {
            if (write == null) {
                return false;
            }
        }
        return true;
    }

    boolean idle() {
        for (Object write : underWay) {
            if (write != null) {
                return false;
            }
        }
        return true;
    }

    /** A write is under way: from now on it may take effect. */
    void submitted(Object write, byte[] content, int start, long now) {
        int slot = Arrays.asList(underWay).indexOf(null);
        underWay[slot] = write;
        contents[slot] = content;
        starts[slot] = start;
        changedAt = now;
        for (State state : states) {
            state.applied &= ~(1 << slot);
        }
        // The list grows while it is walked: every new state is extended by the other writes in turn.
        for (int i = 0; i < states.size(); i++) {
            State state = states.get(i);
            if (state.alive()) {
                for (int other = 0; other < MOST_UNDER_WAY; other++) {
                    if (underWay[other] != null && (state.applied & (1 << other)) == 0) {
                        addUnlessKnown(state, other);
                    }
                }
            }
        }
    }

    private void addUnlessKnown(State from, int slot) {
        byte[] bytes = overlay(from.bytes, contents[slot], starts[slot]);
        int applied = from.applied | (1 << slot);
        for (State state : states) {
            if (state.alive() && state.applied == applied && Arrays.equals(state.bytes, bytes)) {
                return;
            }
        }
        states.add(new State(bytes, applied));
    }

    private static byte[] overlay(byte[] under, byte[] over, int start) {
        if (over.length == under.length) {
            return over;
        }
        byte[] bytes = under.clone();
        System.arraycopy(over, 0, bytes, start, over.length);
        return bytes;
    }

    /** A write was acknowledged: it has taken effect, and when it is durable no crash takes it back. */
    void acknowledged(Object write, boolean durable, long now) {
        int slot = Arrays.asList(underWay).indexOf(write);
        for (State state : states) {
            boolean has = (state.applied & (1 << slot)) != 0;
            if (!has && state.alive()) {
                state.removedAt = now;
            }
            if (!has && durable) {
                state.crashable = false;
            }
        }
        forget(slot, now);
    }

    /** A write has failed: it has taken effect or never will. */
    void failed(Object write, long now) {
        forget(Arrays.asList(underWay).indexOf(write), now);
    }

    private void forget(int slot, long now) {
        underWay[slot] = null;
        contents[slot] = null;
        changedAt = now;
        for (State state : states) {
            if (state.alive()) {
                state.applied &= ~(1 << slot);
            }
        }
        for (int i = states.size() - 1; i > 0; i--) {
            if (states.get(i).alive() && knownBefore(i)) {
                states.remove(i);
            }
        }
    }

    private boolean knownBefore(int index) {
        State state = states.get(index);
        for (int i = 0; i < index; i++) {
            State earlier = states.get(i);
            if (earlier.alive() && earlier.applied == state.applied && Arrays.equals(earlier.bytes, state.bytes)) {
                earlier.crashable |= state.crashable;
                return true;
            }
        }
        return false;
    }

    /**
     * Whether a read of a part that started then may return this now. While writes to the sector are under way a read may
     * see part of them: a read promises nothing but whatever was acknowledged before it.
     */
    boolean mayRead(byte[] bytes, int from, int start, int length, long startedAt) {
        if (changedAt < startedAt && idle()) {
            return isWhole(bytes, from, start, length, startedAt);
        }
        for (int i = 0; i < length; i++) {
            if (!isWhole(bytes, from + i, start + i, 1, startedAt)) {
                return false;
            }
        }
        return true;
    }

    /** Whether these bytes are those of one state. */
    boolean isWhole(byte[] bytes, int from, int start, int length, long startedAt) {
        for (State state : states) {
            if (state.removedAt > startedAt
                    && Arrays.equals(state.bytes, start, start + length, bytes, from, from + length)) {
                return true;
            }
        }
        return false;
    }

    /**
     * A read of all of it rules out what does not follow from what it saw; later reads must not go back. It may have seen a
     * state that a faster read has ruled out since: what follows from that one stays.
     */
    void seen(byte[] bytes, int from, long startedAt, long now) {
        if (changedAt >= startedAt || !isWhole(bytes, from, 0, bytesPerSector(), startedAt)) {
            return;
        }
        List<State> matching = new ArrayList<>();
        for (State state : states) {
            if (state.removedAt > startedAt && matches(state, bytes, from)) {
                matching.add(state);
            }
        }
        for (State state : states) {
            boolean follows = matching.stream().anyMatch(before -> (before.applied & state.applied) == before.applied);
            if (state.alive() && !follows) {
                state.removedAt = now;
            }
        }
    }

    private int bytesPerSector() {
        return states.get(0).bytes.length;
    }

    private static boolean matches(State state, byte[] bytes, int from) {
        return Arrays.equals(state.bytes, 0, state.bytes.length, bytes, from, from + state.bytes.length);
    }

    /** What is there after a recovery is durable: nothing else is possible from here on. */
    void settled(byte[] bytes, int from) {
        states.removeIf(state -> !matches(state, bytes, from));
        State only = states.get(0);
        only.removedAt = ALIVE;
        only.crashable = true;
        states.clear();
        states.add(only);
    }

    /** Whether this is what a crash may leave now. */
    boolean mayComeBack(byte[] bytes, int from, long durableSince) {
        return states.stream().anyMatch(state -> state.mayComeBack(durableSince) && matches(state, bytes, from));
    }

    /** The process died: every write under way has ended, and whatever may come back is possible. */
    void crashed(long durableSince) {
        states.removeIf(state -> !state.mayComeBack(durableSince));
        Arrays.fill(underWay, null);
        List<State> kept = new ArrayList<>();
        for (State state : states) {
            if (kept.stream().noneMatch(other -> Arrays.equals(other.bytes, state.bytes))) {
                kept.add(new State(state.bytes, 0));
            }
        }
        states.clear();
        states.addAll(kept);
    }

    /** Forgets what neither a read nor a crash can bring back. */
    void prune(long oldestRead, long durableSince) {
        states.removeIf(
                state -> state.removedAt <= oldestRead && (!state.crashable || state.removedAt <= durableSince));
    }

    /** How many contents are possible now. */
    int possible() {
        int alive = 0;
        for (State state : states) {
            alive += state.alive() ? 1 : 0;
        }
        return alive;
    }

    /** The possible contents, for people. */
    String describe() {
        StringBuilder text = new StringBuilder();
        for (State state : states) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append(Ledger.shortly(state.bytes, 0, state.bytes.length))
                    .append(state.alive() ? "" : " (ruled out)");
        }
        return text.toString();
    }
}
