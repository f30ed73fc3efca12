package io.tidemark.mirror.internal.fork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.mirror.internal.fork.ForkCheck.Side;
import io.tidemark.mirror.internal.fork.Verdict.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class PrecedenceTest {
    private static final Epoch FIRST = new Epoch(1, new UUID(0, 1), 1, Epoch.NO_PREDECESSOR, 5, "a");
    private static final long FORK = 10;

    /**
     * A branch behind the first epoch's tenth event, in epochs of one event each: {@code -} where its owner went on, {@code +}
     * for a promotion, and a digit for one against that epoch of the other branch.
     */
    private static Side branch(long branch, long nanos, String kinds) {
        List<Epoch> epochs = new ArrayList<>(List.of(FIRST));
        for (char kind : kinds.toCharArray()) {
            Epoch last = epochs.get(epochs.size() - 1);
            long first = FORK + epochs.size();
            Epoch next = last.next(new UUID(branch, epochs.size()), first, nanos + first, "n");
            UUID over = kind == '+' ? last.identity() : new UUID(3 - branch, kind - '0');
            epochs.add(kind == '-' ? next : next.promoted(over));
        }
        return new Side(epochs, FORK + kinds.length());
    }

    private static boolean gives(Side ours, Side theirs) {
        Optional<Epoch> newer = Precedence.newer(ours, theirs);
        newer.ifPresent(epoch -> assertEquals(theirs.newest(), epoch));
        return newer.isPresent();
    }

    @Test
    void whoWasReplacedGivesWayHoweverOftenItCameBack() {
        Side promoted = branch(1, 0, "+");
        for (String kinds : List.of("", "-", "---")) {
            Side old = branch(2, 100, kinds);
            assertTrue(gives(old, promoted), old.toString());
            assertTrue(!gives(promoted, old), old.toString());
        }
        // It has written in the epoch that it had, and began none.
        Side wrote = new Side(List.of(FIRST), FORK + 7);
        assertTrue(gives(wrote, promoted));
        assertTrue(!gives(promoted, wrote));
    }

    @Test
    void anOrderAgainstABranchCountsUntilOneThatKnewOfIt() {
        // Restarts and planned changes there make no order that knew of it.
        for (String taken : List.of("+", "+---", "+-+", "++++")) {
            Side promoted = branch(1, 5_000, taken);
            Side overruling = branch(2, 0, "-1");
            assertTrue(gives(promoted, overruling), taken);
            assertTrue(!gives(overruling, promoted), taken);
        }
        // Its second epoch was a promotion against the first branch's first one.
        Side again = branch(1, 0, "+2");
        Side overruled = branch(2, 5_000, "-1---");
        assertTrue(gives(overruled, again));
        assertTrue(!gives(again, overruled));
    }

    @Test
    void anOrderAgainstABranchHasDecided() {
        assertTrue(Precedence.overrules(branch(2, 0, "-1"), branch(1, 5_000, "+--")));
        assertTrue(!Precedence.overrules(branch(1, 5_000, "+--"), branch(2, 0, "-1")));
        assertTrue(!Precedence.overrules(branch(2, 0, "+"), branch(1, 5_000, "+")), "neither knew of the other");
        assertTrue(!Precedence.overrules(branch(1, 0, "+2"), branch(2, 5_000, "-1")), "each knew of the other");
    }

    @Test
    void ofTwoThatDifferExactlyOneGivesWay() {
        List<String> all = new ArrayList<>(List.of(""));
        for (int i = 0; all.get(i).length() < 3; i++) {
            for (String kind : List.of("-", "+", "1", "2", "3")) {
                all.add(all.get(i) + kind);
            }
        }
        int compared = 0;
        for (String one : all) {
            for (String two : all) {
                for (long nanos = 0; nanos < 40; nanos += 20) {
                    Side ours = branch(1, 20, one);
                    Side theirs = branch(2, nanos, two);
                    boolean differ = !one.isEmpty() || !two.isEmpty();
                    assertEquals(differ, gives(ours, theirs) ^ gives(theirs, ours), ours + " / " + theirs);
                    compared++;
                }
            }
        }
        assertTrue(compared > 40_000, "compared " + compared);
    }

    @Test
    void whereJournalsHaveForgottenTheirOldEpochsTheMarksStillTell() {
        Side promoted = branch(1, 0, "-+");
        Side old = branch(2, 100, "----");
        Side left = new Side(promoted.epochs().subList(1, 3), promoted.end());
        Side kept = new Side(old.epochs().subList(1, 5), old.end());
        for (Side one : List.of(promoted, left)) {
            for (Side two : List.of(old, kept)) {
                assertTrue(gives(two, one));
                assertTrue(!gives(one, two));
            }
        }
    }

    /** One that was down while the one that took over was restarted, and has trimmed its journal, is not to write beside it. */
    @Test
    void whoKnowsNothingOfWhatCameForLongGivesWay() {
        Side promoted = branch(1, 0, "+---");
        Side old = new Side(List.of(FIRST), FORK + 7);
        Side left = new Side(promoted.epochs().subList(3, 5), promoted.end());
        assertEquals(Kind.FORGOTTEN, ForkCheck.compare(left, FORK + 2, old).kind());
        assertTrue(gives(old, left));
        assertTrue(!gives(left, old));
    }

    /** A side that has trimmed all epochs but those from the given index on. */
    private static Side cut(Side side, int known) {
        return new Side(side.epochs().subList(known, side.epochs().size()), side.end());
    }

    /** The fenced one was demoted and promoted by force: that decides, and not that the other one has the higher numbers. */
    @Test
    void anOrderAgainstABranchCountsHoweverMuchThatHasForgotten() {
        Side later = cut(branch(1, 5_000, "+----"), 4);
        UUID named = later.newest().identity();
        Epoch next = FIRST.next(new UUID(2, 1), FORK + 1, 7, "n").promoted(named);
        Side decided = new Side(List.of(FIRST, next), FORK + 3);
        assertEquals(Kind.FORGOTTEN, ForkCheck.compare(later, FORK + 2, decided).kind());
        assertTrue(gives(later, decided));
        assertTrue(!gives(decided, later));
    }

    @Test
    void whereOneHasForgottenWhenTheOtherWasWrittenExactlyOneGivesWay() {
        int forgotten = 0;
        List<String> kinds = List.of("-", "+", "1", "2", "3");
        for (String one : List.of("+----", "-+---", "----+", "+-1--", "+---3")) {
            Side whole = branch(1, 20, one);
            for (int known = 2; known < whole.epochs().size(); known++) {
                Side ours = cut(whole, known);
                for (String two : kinds) {
                    Side theirs = branch(2, 0, two);
                    if (ForkCheck.compare(ours, 0, theirs).kind() == Kind.FORGOTTEN) {
                        forgotten++;
                        assertTrue(gives(ours, theirs) ^ gives(theirs, ours), ours + " / " + theirs);
                    }
                }
            }
        }
        assertTrue(forgotten > 20, "compared " + forgotten);
    }

    @Test
    void nobodyGivesWayToAFollowerOrAStranger() {
        Side whole = branch(1, 0, "++");
        assertTrue(!gives(whole, whole));
        assertTrue(!gives(whole, new Side(whole.epochs().subList(0, 2), FORK + 1)));
        Side stranger = new Side(List.of(new Epoch(9, new UUID(7, 7), 1, Epoch.NO_PREDECESSOR, 900, "z")), 50);
        assertTrue(!gives(new Side(List.of(FIRST), 3), stranger));
        assertTrue(!gives(whole, new Side(List.of(), 0)));
    }
}
