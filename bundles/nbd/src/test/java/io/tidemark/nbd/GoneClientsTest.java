package io.tidemark.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.Served;
import io.tidemark.nbd.testing.TestClient;
import java.io.IOException;
import java.util.Arrays;
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
            Served.await("it waits", () -> served.server.statistics().getRequestsInFlight() == 1);
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

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
