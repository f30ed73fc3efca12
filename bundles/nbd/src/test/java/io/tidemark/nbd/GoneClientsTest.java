package io.tidemark.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.Served;
import io.tidemark.nbd.testing.TestClient;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Clients that go while their requests wait for the image. */
class GoneClientsTest {
    private static final int WRITE = 1;
    private static final int DISC = 2;
    private static final int PAGE = 4096;

    /** How a client goes. */
    private interface Leaving {
        void by(TestClient client) throws IOException;
    }

    /** A client that is killed and comes again does what it had not got an answer for anew, and what comes behind that. */
    @Test
    void aWriteThatWaitedDoesNotLandOnWhatItsClientWroteOverAnotherConnection() throws Exception {
        // From the receive buffer, straight from the socket, and in memory for long writes; the least in pieces of one
        // MiB.
        for (int length : new int[] {2 * PAGE, 64 << 10, 3 << 20}) {
            overtaken(length, TestClient::close);
            overtaken(length, TestClient::reset);
            overtaken(length, client -> {
                client.request(WRITE, 0, 2, 0, PAGE, filled(PAGE, 2));
                client.close();
            });
        }
    }

    private static void overtaken(int length, Leaving leaving) throws Exception {
        try (Served served = new Served()) {
            served.disk.takesLessThan = 2 * PAGE;
            TestClient killed = served.simple();
            killed.request(WRITE, 0, 1, 0, length, filled(length, 1));
            Served.await("it waits", () -> served.disk.takeWaited);
            leaving.by(killed);
            try (TestClient again = served.simple()) {
                assertEquals(0, again.does(WRITE, 0, 0, PAGE, filled(PAGE, 3)));
                served.disk.takesLessThan = Integer.MAX_VALUE;
                Served.await("the other is gone", () -> served.disk.attached() == 1);
                assertArrayEquals(filled(PAGE, 3), again.readSimply(0, PAGE));
                assertArrayEquals(new byte[PAGE], again.readSimply(PAGE, PAGE), "no part of it");
                assertEquals(0, FakeDevice.POOL.usedBytes());
            }
        }
    }

    /** Only what waits for its image is dropped: what had to wait for its own bytes is done, and answered. */
    @Test
    void aWriteThatCameSlowlyIsAnsweredWhereItsClientSendsNoMore() throws Exception {
        for (int length : new int[] {2 * PAGE, 64 << 10, 3 << 20}) {
            try (Served served = new Served();
                    TestClient client = served.simple()) {
                byte[] bytes = filled(length, 1);
                client.request(WRITE, 0, 1, 0, length, Arrays.copyOf(bytes, PAGE));
                Served.await("it began", () -> served.server.statistics().getRequestsInFlight() == 1);
                client.send(Arrays.copyOfRange(bytes, PAGE, length));
                client.shutdownOutput();
                assertEquals(new TestClient.Simple(0, 1), client.simple());
                try (TestClient other = served.simple()) {
                    assertArrayEquals(bytes, other.readSimply(0, length));
                }
            }
        }
    }

    /** Who says goodbye need not stay until it is answered. */
    @Test
    void aWriteThatWaitedIsDoneWhereItsClientSaidGoodbye() throws Exception {
        for (int length : new int[] {2 * PAGE, 64 << 10, 3 << 20}) {
            try (Served served = new Served()) {
                served.disk.takesNothing = true;
                try (TestClient client = served.simple()) {
                    client.request(WRITE, 0, 1, 0, length, filled(length, 1));
                    client.request(DISC, 0, 2, 0, 0);
                    Served.await("it waits", () -> served.server.statistics().getRequestsInFlight() == 1);
                }
                served.disk.takesNothing = false;
                Served.await("it is gone", () -> served.disk.attached() == 0);
                try (TestClient other = served.simple()) {
                    assertArrayEquals(filled(length, 1), other.readSimply(0, length));
                }
            }
        }
    }

    /** A client that comes again and again to an image that holds writes leaves nothing behind that others would miss. */
    @Test
    void clientsThatAreGoneDoNotCountWhileTheirRequestsAreHeld() throws Exception {
        int most = 3;
        Duration time = Duration.ofSeconds(10);
        NbdSettings settings =
                Served.settings().withLimits(new NbdSettings.Limits(most, 512, 4, time, time, Duration.ofMillis(500)));
        CountDownLatch admitted = new CountDownLatch(1);
        try (Served served = new Served(settings)) {
            served.disk.hold = admitted;
            for (Leaving leaving : List.<Leaving>of(TestClient::close, TestClient::reset, TestClient::shutdownOutput)) {
                for (int i = 0; i < most; i++) {
                    TestClient client = served.simple();
                    served.disk.done.clear();
                    client.request(WRITE, 0, 1, 0, PAGE, filled(PAGE, 1));
                    Served.await("held", () -> !served.disk.done.isEmpty());
                    leaving.by(client);
                }
                Served.await("they are gone", () -> served.server.statistics().getConnections() == 0);
            }
            assertEquals(0, served.disk.attached(), "clients of the image");
            try (TestClient next = served.simple()) {
                served.disk.hold = null;
                admitted.countDown();
                assertArrayEquals(filled(PAGE, 1), next.readSimply(0, PAGE));
            }
            assertEquals(0, served.server.statistics().getRejectedConnections());
        }
    }

    /** Who said goodbye is answered first, however long that takes; who only ended what it sends, if it does not take long. */
    @Test
    void clientsThatMayStillListenAreAnswered() throws Exception {
        CountDownLatch admitted = new CountDownLatch(1);
        try (Served served = new Served();
                TestClient leaving = served.simple()) {
            served.disk.elsewhere = true;
            try (TestClient half = served.simple()) {
                half.request(WRITE, 0, 1, 0, PAGE, filled(PAGE, 1)).shutdownOutput();
                assertEquals(new TestClient.Simple(0, 1), half.simple());
                assertTrue(half.closedByServer());
            }
            served.disk.hold = admitted;
            leaving.request(WRITE, 0, 2, 0, PAGE, filled(PAGE, 2)).request(DISC, 0, 3, 0, 0);
            TestClient killed = served.simple();
            killed.request(WRITE, 0, 4, PAGE, PAGE, filled(PAGE, 4)).close();
            Served.await("one is gone", () -> served.disk.attached() == 1);
            admitted.countDown();
            assertEquals(new TestClient.Simple(0, 2), leaving.simple());
            assertTrue(leaving.closedByServer());
        }
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
