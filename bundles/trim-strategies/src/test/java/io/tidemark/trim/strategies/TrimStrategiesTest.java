package io.tidemark.trim.strategies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.api.trim.TrimVote;
import io.tidemark.tck.trim.TrimStrategyContract;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class TrimStrategiesTest {
    private static void refused(TrimStrategy strategy, String key, Map<String, String> properties) {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> strategy.check(properties));
        assertTrue(refusal.getMessage().startsWith(key + ": "), refusal.getMessage());
    }

    @Nested
    class AgeTest extends TrimStrategyContract {
        @Override
        protected TrimStrategy newStrategy() {
            return new AgeStrategy();
        }

        @Override
        protected Map<String, String> properties() {
            return Map.of("trim.age", "1h");
        }

        @Test
        void anHourIsKept() {
            assertEquals(
                    6400,
                    newStrategy()
                            .vote(situation(5, 10_000, List.of(), properties()))
                            .trimUpTo());
        }

        @Test
        void wrongValuesAreNamed() {
            refused(newStrategy(), "trim.age", Map.of());
            refused(newStrategy(), "trim.age", Map.of("trim.age", "soon"));
        }

        @Test
        void anAgeBeyondAllTimeKeepsEverything() {
            Map<String, String> ages = Map.of("trim.age", "999999999999d");
            assertEquals(
                    0, newStrategy().vote(situation(5, 10_000, List.of(), ages)).trimUpTo());
        }
    }

    @Nested
    class SizeTest extends TrimStrategyContract {
        @Override
        protected TrimStrategy newStrategy() {
            return new SizeStrategy();
        }

        @Override
        protected Map<String, String> properties() {
            return Map.of("trim.size", "1MB");
        }

        @Test
        void aThousandEventsOfAThousandBytesAreKept() {
            assertEquals(
                    9000,
                    newStrategy()
                            .vote(situation(5, 10_000, List.of(), properties()))
                            .trimUpTo());
            assertEquals(
                    5,
                    newStrategy()
                            .vote(situation(5, 500, List.of(), properties()))
                            .trimUpTo());
        }

        @Test
        void wrongValuesAreNamed() {
            refused(newStrategy(), "trim.size", Map.of());
            refused(newStrategy(), "trim.size", Map.of("trim.size", "-1"));
        }

        @Test
        void moreThanThreeQuartersOfTheJournalAreRefused() {
            newStrategy().check(Map.of("trim.size", "3G"));
            newStrategy().check(Map.of("trim.size", "12M", "journal.limit", "16MiB"));
            refused(newStrategy(), "trim.size", Map.of("trim.size", "10GiB"));
            refused(newStrategy(), "trim.size", Map.of("trim.size", "13M", "journal.limit", "16MiB"));
            IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> newStrategy()
                    .check(Map.of("trim.size", "10GiB", "journal.limit", " 4GiB")));
            assertTrue(
                    refusal.getMessage().contains("10 GiB is more than three quarters of journal.limit (4 GiB)"),
                    refusal.getMessage());
        }
    }

    @Nested
    class ClientProgressTest extends TrimStrategyContract {
        @Override
        protected TrimStrategy newStrategy() {
            return new ClientProgressStrategy();
        }

        @Override
        protected Map<String, String> properties() {
            return Map.of("trim.client.expire", "1h");
        }

        @Test
        void theSlowestClientCounts() {
            List<JournalClient> clients = List.of(client("a", 700, 10_000), client("b", 300, 9_000));
            TrimVote vote = newStrategy().vote(situation(5, 10_000, clients, properties()));
            assertEquals(300, vote.trimUpTo());
            assertTrue(vote.reason().contains("b"));
            assertEquals(List.of(), vote.expireClients());
        }

        @Test
        void aClientThatWentSilentIsProposedAndStillCounts() {
            List<JournalClient> clients = List.of(client("a", 700, 10_000), client("b", 300, 6_000));
            TrimVote vote = newStrategy().vote(situation(5, 10_000, clients, properties()));
            assertEquals(300, vote.trimUpTo());
            assertEquals(List.of("b"), vote.expireClients());
            assertEquals(
                    List.of(),
                    newStrategy().vote(situation(5, 10_000, clients, Map.of())).expireClients());
        }

        /** It is linked and was told of nothing new for days: an operator must not be told to expire it. */
        @Test
        void aClientThatHasAllIsNotProposedHoweverQuietItIs() {
            List<JournalClient> clients = List.of(client("a", 10_000, 0), client("b", 9_999, 0));
            TrimVote vote = newStrategy().vote(situation(5, 10_000, clients, properties()));
            assertEquals(List.of("b"), vote.expireClients());
        }

        @Test
        void anExpiredClientKeepsNothing() {
            JournalClient expired = new JournalClient("b", "", new Position(1, 300), JournalClient.State.EXPIRED, 0);
            TrimVote vote = newStrategy().vote(situation(5, 10_000, List.of(expired), properties()));
            assertEquals(10_000, vote.trimUpTo());
            assertEquals(List.of(), vote.expireClients());
        }

        @Test
        void wrongValuesAreNamed() {
            refused(newStrategy(), "trim.client.expire", Map.of("trim.client.expire", "7"));
        }
    }
}
