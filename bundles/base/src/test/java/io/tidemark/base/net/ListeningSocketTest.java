package io.tidemark.base.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListeningSocketTest {
    @TempDir
    Path directory;

    private static void refused(Reason reason, String begin, Endpoint endpoint) {
        StorageException e = assertThrows(
                StorageException.class, () -> ListeningSocket.open(endpoint, 1).close());
        assertEquals(reason, e.reason());
        assertTrue(e.getMessage().startsWith(begin), e.getMessage());
    }

    @Test
    void endpointsAreWhatAConfigurationNames() {
        Path path = Path.of("/tmp/" + "x".repeat(102));
        assertEquals(List.of(), Endpoint.of("", 1, null));
        assertEquals(List.of(new Endpoint.Tcp("h", 1), new Endpoint.Unix(path)), Endpoint.of("h", 1, path));
        for (int port : new int[] {-1, 65_536}) {
            String message = assertThrows(IllegalArgumentException.class, () -> Endpoint.of("", port, null))
                    .getMessage();
            assertEquals("port: " + port + " is not between 0 and 65535", message);
        }
        String message = assertThrows(IllegalArgumentException.class, () -> Endpoint.of("", 0, Path.of(path + "x")))
                .getMessage();
        assertTrue(message.startsWith("unixSocket: '" + path + "x' is longer than 107 bytes"), message);
    }

    @Test
    void tcp() throws Exception {
        try (ListeningSocket socket = ListeningSocket.open(new Endpoint.Tcp("127.0.0.1", 0), 1)) {
            assertEquals("127.0.0.1:" + socket.port(), socket.text());
            assertEquals(new Endpoint.Tcp("127.0.0.1", socket.port()), socket.real());
            SocketChannel.open(socket.address()).close();
            String where = "127.0.0.1:" + socket.port();
            refused(Reason.BUSY, "port: cannot listen on " + where + ": ", socket.real());
        }
        refused(Reason.INVALID, "host: cannot listen on ", new Endpoint.Tcp("no.such.host.invalid", 1));
        if (Files.exists(Path.of("/proc/net/if_inet6"))) {
            try (ListeningSocket socket = ListeningSocket.open(new Endpoint.Tcp("::", 0), 1)) {
                assertEquals("[0:0:0:0:0:0:0:0]:" + socket.port(), socket.text());
            }
        }
    }

    @Test
    void unixSocketFiles() throws Exception {
        Path file = directory.resolve("n.sock");
        Endpoint endpoint = new Endpoint.Unix(file);
        try (ListeningSocket socket = ListeningSocket.open(endpoint, 1)) {
            assertEquals(file.toString(), socket.text());
            assertEquals(endpoint, socket.real());
            refused(Reason.BUSY, "unixSocket: somebody listens on " + file + " already (", endpoint);
            SocketChannel.open(socket.address()).close();
        }
        assertFalse(Files.exists(file));
        ServerSocketChannel stale = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        stale.bind(UnixDomainSocketAddress.of(file));
        stale.close();
        assertTrue(Files.exists(file), "left by a process that was killed");
        ListeningSocket.open(endpoint, 1).close();
        Files.writeString(file, "precious");
        refused(Reason.INVALID, "unixSocket: " + file + " is there and is no socket", endpoint);
        assertEquals("precious", Files.readString(file));
        Path missing = directory.resolve("no/such/directory/s");
        refused(Reason.INVALID, "unixSocket: cannot listen on " + missing + ": ", new Endpoint.Unix(missing));
    }
}
