package io.tidemark.nbd.testing;

import io.tidemark.nbd.NbdServer;
import io.tidemark.nbd.NbdSettings;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/** A server over fake devices: {@code disk} of 4 MiB and whatever a test adds. */
public final class Served implements AutoCloseable {
    /** Size of the disk. */
    public static final int SIZE = 4 << 20;

    /** The disk. */
    public final FakeDevice disk = new FakeDevice("disk", SIZE);

    /** All devices. */
    public final FakeRegistry registry = new FakeRegistry(disk);

    /** The server. */
    public final NbdServer server;

    /** On loopback, any port. */
    public Served() throws IOException {
        this(settings());
    }

    /** With other settings. */
    public Served(NbdSettings settings) throws IOException {
        disk.log = true;
        server = new NbdServer(settings, registry);
        server.start();
    }

    /** Loopback, any port. */
    public static NbdSettings settings() {
        return NbdSettings.DEFAULTS.withTcp("127.0.0.1", 0);
    }

    /** A client. */
    public TestClient client() throws IOException {
        return new TestClient(server);
    }

    /** A client in transmission with simple replies. */
    public TestClient simple() throws IOException {
        TestClient client = client().hello();
        client.go("disk");
        return client;
    }

    /** A client in transmission with structured replies and block status. */
    public TestClient structured() throws IOException {
        TestClient client = client().hello().structured().baseAllocation("disk");
        client.go("disk");
        return client;
    }

    /** Waits until something is so, for at most ten seconds. */
    public static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within ten seconds: " + what);
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
