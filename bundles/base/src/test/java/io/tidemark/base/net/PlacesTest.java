package io.tidemark.base.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlacesTest {
    private static final Endpoint ANY = new Endpoint.Tcp("127.0.0.1", 0);

    @TempDir
    Path directory;

    private final List<String> told = new ArrayList<>();
    private Places.Opener<Spot> opener = Spot::new;
    private final Places<Spot> places =
            new Places<>(endpoint -> opener.open(endpoint), e -> told.add("lost: " + e.getMessage()));

    private final class Spot implements Places.Place {
        final ListeningSocket socket;

        Spot(Endpoint endpoint) throws StorageException {
            socket = ListeningSocket.open(endpoint, 1);
        }

        @Override
        public ListeningSocket socket() {
            return socket;
        }

        @Override
        public void start() {
            told.add("start " + socket.text());
        }

        @Override
        public void close() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @AfterEach
    void release() {
        places.release().forEach(Spot::close);
        assertEquals(List.of(), places.all());
    }

    private Spot listening() throws StorageException {
        places.move(List.of(ANY), () -> told.add("terms"));
        Spot spot = places.all().get(0);
        assertEquals(List.of("terms", "start " + spot.socket.text()), told);
        told.clear();
        return spot;
    }

    private void refused(Reason reason, Endpoint... wanted) {
        StorageException e =
                assertThrows(StorageException.class, () -> places.move(List.of(wanted), () -> fail("new terms")));
        assertEquals(reason, e.reason(), e.getMessage());
    }

    @Test
    void whatIsWantedStaysAndTheRestIsClosed() throws Exception {
        Spot tcp = listening();
        Path file = directory.resolve("s");
        places.move(List.of(new Endpoint.Unix(file), ANY), () -> {});
        assertSame(tcp, places.all().get(0), "what did not change is not touched");
        assertEquals(List.of("start " + file), told);
        places.move(List.of(new Endpoint.Unix(file)), () -> {});
        assertEquals(List.of(file.toString()), texts());
        try (ListeningSocket again = ListeningSocket.open(tcp.socket.real(), 1)) {
            assertEquals(tcp.socket.text(), again.text());
        }
    }

    private List<String> texts() {
        return places.all().stream().map(spot -> spot.socket.text()).toList();
    }

    @Test
    void allOfThemOrNone() throws Exception {
        Spot before = listening();
        Path file = directory.resolve("s");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            refused(Reason.BUSY, new Endpoint.Unix(file), new Endpoint.Tcp("127.0.0.1", taken.getLocalPort()));
        }
        assertEquals(List.of(before), places.all());
        assertTrue(Files.notExists(file), "what was opened is closed again");
        assertEquals(List.of(), told);
    }

    @Test
    void aPortOfOnesOwnIsTakenOver() throws Exception {
        Spot before = listening();
        int port = before.socket.port();
        places.move(List.of(new Endpoint.Tcp("0.0.0.0", port)), () -> told.add("terms"));
        Spot covering = places.all().get(0);
        assertNotSame(before, covering);
        assertEquals(port, covering.socket.port());
        assertEquals(List.of("terms", "start " + covering.socket.text()), told);
        assertEquals(1, places.all().size());
    }

    @Test
    void whatStoodInTheWayIsOpenAgainWhereItReallyWas() throws Exception {
        Spot before = listening();
        Endpoint.Tcp covering = new Endpoint.Tcp("0.0.0.0", before.socket.port());
        refused(Reason.INVALID, covering, new Endpoint.Unix(directory));
        Spot again = places.all().get(0);
        assertNotSame(before, again);
        assertEquals(List.of(before.socket.text()), texts());
        assertEquals(List.of("start " + before.socket.text()), told);
        places.move(List.of(ANY), () -> {});
        assertEquals(List.of(again), places.all(), "it is still the one that was wanted");
    }

    @Test
    void whatCannotBeOpenedAgainIsTold() throws Exception {
        Spot before = listening();
        opener = endpoint -> {
            throw new StorageException(Reason.BUSY, "port: made to fail", "");
        };
        refused(Reason.BUSY, new Endpoint.Tcp("0.0.0.0", before.socket.port()));
        assertEquals(List.of("lost: port: made to fail"), told);
        assertEquals(List.of(), places.all());
    }
}
