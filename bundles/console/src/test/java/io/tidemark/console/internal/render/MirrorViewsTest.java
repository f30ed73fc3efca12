package io.tidemark.console.internal.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.tidemark.api.Position;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.MirrorStatus.Copy;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.replica.Consistency;
import io.tidemark.base.text.Json;
import io.tidemark.console.internal.Following;
import io.tidemark.console.internal.JsonText;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MirrorViewsTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long HOUR = 3600 * SECOND;

    private static String list(Following... all) {
        return MirrorViews.list(List.of(all).stream().map(Following::status).toList());
    }

    @Test
    void whoIsBehindOnPurposeDoesNotLag() {
        assertEquals(
                """
                IMAGE ROLE PEER STATE TO RECEIVE TO APPLY LAG DELAY RATE RECEIVED IN
                vm1 replica from siteb idle 0 0 0s - - -
                vm2 replica from siteb up to date 0 0 0s - 1 MiB/s, 250 events/s -
                vm3 replica from siteb delayed 0 900 (about 3.5 MiB) 0s 1h, now 59m 12s - -
                vm4 replica from siteb held 0 900 (about 3.5 MiB) - held at 3:103311 - -
                vm5 replica from siteb held 0 900 (about 3.5 MiB) - held at 3:103311; a delay of 1h when it is released - -
                """,
                list(
                                Following.replica("vm1"),
                                Following.replica("vm2").rate(250, 1 << 20, 0),
                                Following.replica("vm3")
                                        .lacks(0, 900, 0, 3552 * SECOND)
                                        .delay(HOUR),
                                Following.replica("vm4")
                                        .lacks(0, 900, 0, HOUR)
                                        .held(new Position(3, 103_311))
                                        .state(State.HELD, "held at 3:103311, 900 events received above"),
                                Following.replica("vm5")
                                        .lacks(0, 900, 0, HOUR)
                                        .delay(HOUR)
                                        .held(new Position(3, 103_311))
                                        .state(State.HELD, "held at 3:103311, 900 events received above"))
                        .replaceAll(" +", " "));
    }

    @Test
    void whoLagsShowsHowMuchAndForHowLong() {
        assertEquals(
                """
                IMAGE ROLE PEER STATE TO RECEIVE TO APPLY LAG DELAY RATE RECEIVED IN
                vm1 replica from siteb catching up 1,000 (about 3.9 MiB) 0 2.5s - 1 MiB/s, 250 events/s 4.0s
                vm2 replica from siteb catching up 0 500 (about 2 MiB) 2m 1h, now 1h 2m - -
                vm3 primary to siteb received 0 900 (about 3.5 MiB) 0s - - -
                vm4 primary to siteb catching up 11 (about 44 KiB) 900 (about 3.5 MiB) 1.2s - 1 MiB/s, 250 events/s 44ms
                """,
                list(
                                Following.replica("vm1")
                                        .lacks(1000, 0, SECOND, 5 * SECOND / 2)
                                        .rate(250, 1 << 20, 4 * SECOND)
                                        .state(State.CATCHING_UP, "catches up, 1000 events to receive"),
                                Following.replica("vm2")
                                        .lacks(0, 500, 0, HOUR + 120 * SECOND)
                                        .delay(HOUR)
                                        .state(State.CATCHING_UP, "applies, 500 events to go"),
                                Following.source("vm3").lacks(0, 900, 0, HOUR),
                                Following.source("vm4")
                                        .lacks(11, 900, 6 * SECOND / 5, HOUR)
                                        .rate(250, 1 << 20, 44_000_000L)
                                        .state(State.CATCHING_UP, "sending, the replica lacks 11 events"))
                        .replaceAll(" +", " "));
    }

    /** The same figures, and yet nobody takes one for the other. */
    @Test
    void idleAndStuckLookDifferent() {
        String list = list(
                Following.replica("vm1"),
                Following.replica("vm2")
                        .lacks(4, 0, 40 * SECOND, 41 * SECOND)
                        .state(State.STUCK, "stuck: the source has 4 events more and sends nothing since 40.0s")
                        .trouble("no answer from siteb; look at its log"));
        List<String> lines = list.lines().toList();
        assertEquals("vm1 replica from siteb idle 0 0 0s - - -", lines.get(1).replaceAll(" +", " "));
        assertEquals(
                "vm2 replica from siteb STUCK 4 (about 16 KiB) 0 41.0s - - never at this rate",
                lines.get(2).replaceAll(" +", " "));
        assertEquals("vm2 from siteb: stuck: the source has 4 events more and sends nothing since 40.0s", lines.get(3));
        assertEquals("vm2 from siteb: last error: no answer from siteb; look at its log", lines.get(4));
        assertEquals(5, lines.size());
    }

    /** State, what the table calls it, and what stands below it. */
    @Test
    void everyStateHasItsWords() {
        for (State state : State.values()) {
            Following following = Following.replica("vm1").state(state, "the words");
            String expected =
                    switch (state) {
                        case UNLINKED -> "not linked";
                        case STARTING -> "starting";
                        case REFUSED -> "REFUSED";
                        case COPYING -> "copying";
                        case CATCHING_UP -> "catching up";
                        case UP_TO_DATE -> "idle";
                        case HELD -> "held";
                        case WAITING -> "waiting";
                        case STUCK -> "STUCK";
                        case PRIMARY -> "primary too";
                    };
            assertEquals(expected, MirrorWords.state(following.status()));
            boolean figuresSayIt = state == State.UP_TO_DATE || state == State.HELD || state == State.CATCHING_UP;
            assertEquals(figuresSayIt ? 2 : 3, list(following).lines().count(), state.toString());
        }
    }

    @Test
    void whatIsRefusedIsSaidOnce() {
        String words = "refused: peer: there is no peer x; mirror:peer-add x adds it";
        String list = list(
                Following.replica("vm1").unknown().state(State.REFUSED, words).trouble(words));
        assertEquals("vm1 from siteb: " + words, list.lines().toList().get(2));
        assertEquals(3, list.lines().count());
        assertEquals(
                "vm1 replica from siteb REFUSED - - - - - -",
                list.lines().toList().get(1).replaceAll(" +", " "));
    }

    @Test
    void aCopyIsNoReplicaYet() {
        Following copying = Following.source("vm1")
                .bytes(Consistency.COPYING)
                .copy(new Copy(3L << 30, 1L << 30, 100L << 20, 10_240_000_000L))
                .state(State.COPYING, "copies at 100 MiB/s, about 1 GiB left, 10.2s");
        List<String> lines = list(copying).lines().toList();
        assertEquals("vm1 primary to siteb copying 0 0 - - - -", lines.get(1).replaceAll(" +", " "));
        assertEquals("vm1 to siteb: copies at 100 MiB/s, about 1 GiB left, 10.2s", lines.get(2));
        assertEquals("""
                vm1 to siteb is copying: copies at 100 MiB/s, about 1 GiB left, 10.2s
                  role here                 primary
                  consistency               copying
                  to receive                nothing
                  to apply                  nothing
                  a loss of the source now  would lose everything: the replica is not complete yet
                  copy                      3 GiB copied, about 1 GiB left, 100 MiB/s, 10.2s to go
                  source is durable to      104,211
                  replica has received      104,211
                  replica has applied       104,211
                """, MirrorViews.info(copying.status()));
        String finishing = list(Following.replica("vm1")
                .bytes(Consistency.REPLAYING)
                .state(State.CATCHING_UP, "copied, on its way to where it is consistent"));
        assertEquals(
                "vm1 from siteb: copied, on its way to where it is consistent",
                finishing.lines().toList().get(2));
    }

    @Test
    void oneImageIsShownInFull() {
        MirrorStatus one = Following.replica("vm1")
                .lacks(11, 200, 3 * SECOND / 2, HOUR + SECOND)
                .rate(250, 1 << 20, 44_000_000L)
                .delay(HOUR)
                .trouble("cut off; it is tried again")
                .state(State.CATCHING_UP, "catches up, 11 events to receive")
                .status();
        assertEquals("""
                vm1 from siteb is catching up: catches up, 11 events to receive
                  last error                cut off; it is tried again
                  role here                 replica
                  consistency               consistent
                  behind on purpose         1h, now 1h
                  to receive                11 events (about 44 KiB)
                  to apply                  200 events (about 800 KiB)
                  lag                       1.0s
                  a loss of the source now  would lose 11 events (about 44 KiB), the last 1.5s
                  rate                      1 MiB/s, 250 events/s
                  has received all in       44ms
                  source is durable to      104,211
                  replica has received      104,200
                  replica shows             104,000
                  replica has applied       104,000
                """, MirrorViews.info(one));
        assertEquals(
                """
                vm1 from siteb is not linked: not linked: no answer
                  role here  replica
                """,
                MirrorViews.info(Following.replica("vm1")
                        .unknown()
                        .state(State.UNLINKED, "not linked: no answer")
                        .status()));
    }

    @Test
    void machinesAreToldWhatIsKnownAndNull() {
        Map<String, Object> json = json(
                Following.replica("vm1").lacks(11, 200, SECOND, HOUR + SECOND).delay(HOUR));
        assertEquals("up_to_date", json.get("state"));
        assertEquals(false, json.get("stuck"));
        assertEquals(211L, json.get("behindEvents"));
        assertEquals(11L, json.get("unreceivedEvents"));
        assertEquals(SECOND, json.get("unreceivedNanos"));
        assertEquals(HOUR + SECOND, json.get("behindNanos"));
        assertEquals(SECOND, json.get("lagNanos"));
        assertEquals(HOUR, json.get("delayWantedNanos"));
        assertNull(json.get("copy"));
        Map<String, Object> unknown = json(Following.replica("vm1").unknown().state(State.STUCK, "stuck"));
        assertEquals(true, unknown.get("stuck"));
        for (String name :
                List.of("durable", "behindEvents", "lagNanos", "catchUpNanos", "delayWantedNanos", "heldAt")) {
            assertNull(unknown.get(name), name);
        }
        assertEquals(
                1L << 30,
                ((Map<?, ?>) json(Following.source("vm1").copy(new Copy(1, 1L << 30, 1, 1)))
                                .get("copy"))
                        .get("leftBytes"));
    }

    private static Map<String, Object> json(Following one) {
        return JsonText.object(Json.write(MirrorViews.json(one.status())));
    }
}
