package io.tidemark.mirror.internal.fork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.mirror.internal.fork.ForkCheck.Side;
import io.tidemark.mirror.internal.fork.Verdict.Kind;
import io.tidemark.mirror.internal.wire.Point;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Every small pair of histories, against what their events say themselves; and each case once by hand. */
class ForkCheckTest {
    private static final long FIRST_SEQUENCE = 1;

    /** A whole history: epochs with the events in each. */
    private record History(List<Epoch> epochs, long end) {
        static final History EMPTY = new History(List.of(), 0);

        History plus(long branch, int events) {
            List<Epoch> longer = new ArrayList<>(epochs);
            long number = epochs.size() + 1L;
            UUID before = epochs.isEmpty() ? Epoch.NO_PREDECESSOR : last().identity();
            longer.add(new Epoch(number, new UUID(branch, number), end + FIRST_SEQUENCE, before, 0, "x"));
            return new History(List.copyOf(longer), end + events);
        }

        Epoch last() {
            return epochs.get(epochs.size() - 1);
        }

        /** The same, cut: so many epochs, and events up to one in the last of these. */
        History cut(int count, long newEnd) {
            return new History(epochs.subList(0, count), newEnd);
        }

        long endOf(int index) {
            return index + 1 < epochs.size() ? epochs.get(index + 1).firstSequence() - 1 : end;
        }

        Side whole() {
            return new Side(epochs, end);
        }

        /** As a journal knows it that has forgotten some epochs. */
        Side without(int oldest) {
            return new Side(epochs.subList(oldest, epochs.size()), end);
        }

        /** As a replica knows it that was registered at a position. */
        Side registered(int index, long at) {
            List<Epoch> known = new ArrayList<>(epochs.subList(index, epochs.size()));
            Epoch first = known.get(0);
            known.set(0, first.from(at + 1));
            return new Side(known, end);
        }
    }

    /** What the events say, without any list of epochs being cut. */
    private static Verdict truth(History source, History replica, long trimmed) {
        int common = 0;
        while (common < source.epochs().size()
                && common < replica.epochs().size()
                && source.epochs().get(common).equals(replica.epochs().get(common))) {
            common++;
        }
        if (common == 0) {
            return new Verdict(Kind.UNRELATED, Point.NONE);
        }
        long shared = Math.min(source.endOf(common - 1), replica.endOf(common - 1));
        Epoch last = source.epochs().get(common - 1);
        Point point = Point.in(last, shared);
        boolean replicaIsPrefix = common == replica.epochs().size() && replica.end() == shared;
        boolean sourceIsPrefix = common == source.epochs().size() && source.end() == shared;
        if (replicaIsPrefix) {
            Kind kind = replica.end() < trimmed ? Kind.TRIMMED : Kind.CONTINUES;
            return new Verdict(kind, point);
        }
        boolean older = sourceIsPrefix && replica.epochs().size() > common;
        return new Verdict(older ? Kind.OLDER : Kind.SPLIT, point);
    }

    private static List<History> trunks(long branch, History from, int epochs) {
        List<History> all = new ArrayList<>(List.of(from));
        if (epochs > 0) {
            for (int events = 0; events <= 2; events++) {
                all.addAll(trunks(branch, from.plus(branch, events), epochs - 1));
            }
        }
        return all;
    }

    private static List<History> prefixes(History history) {
        List<History> all = new ArrayList<>();
        for (int count = 1; count <= history.epochs().size(); count++) {
            long from = history.epochs().get(count - 1).firstSequence() - 1;
            for (long end = from; end <= history.endOf(count - 1); end++) {
                all.add(history.cut(count, end));
            }
        }
        return all;
    }

    private interface Pair {
        void look(History source, History replica);
    }

    /** Every replica that is a prefix of its source, or parts from a prefix and goes on by itself. */
    private static void everyPair(Pair pair) {
        for (History source : trunks(1, History.EMPTY, 3)) {
            if (source.epochs().isEmpty()) {
                continue;
            }
            for (History stem : prefixes(source)) {
                trunks(2, stem, 2).forEach(replica -> pair.look(source, replica));
                // A source that lost its end: the replica goes on in the same epoch.
                pair.look(source, stem.cut(stem.epochs().size(), stem.end() + 2));
            }
            trunks(2, History.EMPTY, 2).stream()
                    .filter(other -> !other.epochs().isEmpty())
                    .forEach(other -> pair.look(source, other));
        }
    }

    @Test
    void wholeHistoriesAreJudgedExactly() {
        Map<Kind, Integer> seen = new EnumMap<>(Kind.class);
        everyPair((source, replica) -> {
            for (long trimmed = 0; trimmed <= source.end(); trimmed++) {
                Verdict verdict = ForkCheck.compare(source.whole(), trimmed, replica.whole());
                assertEquals(truth(source, replica, trimmed), verdict, source + " and " + replica);
                seen.merge(verdict.kind(), 1, Integer::sum);
            }
        });
        for (Kind kind : Kind.values()) {
            assertTrue(kind == Kind.FORGOTTEN || seen.getOrDefault(kind, 0) > 100, seen.toString());
        }
    }

    /** What may be said when epochs are forgotten: less, but nothing that is wrong. */
    private static void check(Verdict verdict, Verdict truth, String context) {
        switch (verdict.kind()) {
            case CONTINUES -> assertEquals(truth, verdict, context);
            case TRIMMED ->
                assertTrue(truth.kind() != Kind.UNRELATED && truth.kind() != Kind.OLDER, context + " is " + truth);
            case SPLIT -> {
                assertTrue(truth.kind() == Kind.SPLIT || truth.kind() == Kind.UNRELATED, context + " is " + truth);
                assertTrue(verdict.point().equals(Point.NONE) || verdict.point().equals(truth.point()), context);
            }
            case OLDER ->
                assertTrue(truth.kind() == Kind.OLDER || truth.kind() == Kind.SPLIT, context + " is " + truth);
            case UNRELATED -> assertEquals(Kind.UNRELATED, truth.kind(), context);
            case FORGOTTEN -> {}
        }
    }

    @Test
    void forgottenEpochsNeverLeadToAWrongVerdict() {
        int[] continues = new int[2];
        everyPair((source, replica) -> {
            for (int forgotten = 0; forgotten < source.epochs().size(); forgotten++) {
                long trimmed = source.epochs().get(forgotten).firstSequence() - 1;
                Side left = source.without(forgotten);
                for (int index = 0; index < replica.epochs().size(); index++) {
                    long from = replica.epochs().get(index).firstSequence() - 1;
                    for (long at = from; at <= replica.endOf(index); at++) {
                        Verdict truth = truth(source, replica, trimmed);
                        Verdict verdict = ForkCheck.compare(left, trimmed, replica.registered(index, at));
                        check(verdict, truth, left + " and " + replica.registered(index, at));
                        continues[0] += truth.kind() == Kind.CONTINUES ? 1 : 0;
                        continues[1] += verdict.kind() == Kind.CONTINUES ? 1 : 0;
                    }
                }
            }
        });
        assertTrue(continues[1] > continues[0] / 2, continues[1] + " of " + continues[0] + " go on");
    }

    /** A source that was a replica itself: its oldest epoch seems to begin where it was registered. */
    @Test
    void aSourceThatWasAReplicaIsJudgedSafely() {
        everyPair((source, replica) -> {
            for (int index = 0; index < source.epochs().size(); index++) {
                for (long at = source.epochs().get(index).firstSequence() - 1; at <= source.endOf(index); at++) {
                    Side left = source.registered(index, at);
                    Verdict verdict = ForkCheck.compare(left, at, replica.whole());
                    check(verdict, truth(source, replica, at), left + " and " + replica);
                }
            }
        });
    }

    // ---- by hand

    private static final History TRUNK = History.EMPTY.plus(1, 10).plus(1, 5);

    private static Verdict verdict(History source, long trimmed, History replica) {
        return ForkCheck.compare(source.whole(), trimmed, replica.whole());
    }

    @Test
    void aReplicaThatIsBehindGoesOn() {
        Verdict verdict = verdict(TRUNK, 3, TRUNK.cut(1, 7));
        assertEquals(Kind.CONTINUES, verdict.kind());
        assertEquals(Point.in(TRUNK.epochs().get(0), 7), verdict.point());
        assertEquals(Kind.CONTINUES, verdict(TRUNK, 15, TRUNK).kind());
    }

    @Test
    void aReplicaBehindTheTrimmedPartHasToBeCopied() {
        assertEquals(Kind.TRIMMED, verdict(TRUNK, 8, TRUNK.cut(1, 7)).kind());
        assertEquals(Kind.CONTINUES, verdict(TRUNK, 7, TRUNK.cut(1, 7)).kind());
    }

    @Test
    void twoThatWroteAreSplitWhereTheyParted() {
        History replica = TRUNK.cut(2, 12).plus(2, 4);
        Verdict verdict = verdict(TRUNK, 0, replica);
        assertEquals(Kind.SPLIT, verdict.kind());
        assertEquals(Point.in(TRUNK.last(), 12), verdict.point());
        Verdict both = verdict(TRUNK.plus(1, 3), 0, TRUNK.plus(2, 1));
        assertEquals(Kind.SPLIT, both.kind());
        assertEquals(Point.in(TRUNK.last(), 15), both.point());
    }

    @Test
    void aSourceWhoseReplicaTookOverIsOlder() {
        assertEquals(Kind.OLDER, verdict(TRUNK, 0, TRUNK.plus(2, 4)).kind());
        assertEquals(Kind.OLDER, verdict(TRUNK, 0, TRUNK.plus(2, 0)).kind());
    }

    @Test
    void strangersAreUnrelated() {
        assertEquals(
                Kind.UNRELATED, verdict(TRUNK, 0, History.EMPTY.plus(9, 10)).kind());
        assertEquals(Kind.UNRELATED, verdict(TRUNK, 0, History.EMPTY).kind());
    }

    @Test
    void epochsThatNeitherHasAnyMoreLeaveItOpen() {
        History source = TRUNK.plus(1, 5).plus(1, 5);
        Verdict verdict =
                ForkCheck.compare(source.without(3), 20, TRUNK.cut(1, 7).whole());
        assertEquals(Kind.FORGOTTEN, verdict.kind());
        Verdict next = ForkCheck.compare(source.without(2), 15, TRUNK.whole());
        assertEquals(Kind.TRIMMED, next.kind(), "the oldest one names its predecessor");
    }
}
