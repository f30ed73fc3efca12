package io.tidemark.nbd;

import io.tidemark.api.StorageException;
import io.tidemark.api.device.DeviceRegistry;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.nbd.internal.ClientTable;
import io.tidemark.nbd.internal.Endpoint;
import io.tidemark.nbd.internal.Listener;
import io.tidemark.nbd.internal.TlsContexts;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An NBD server for the devices of a node. Listens from {@link #start} to {@link #close}; its settings can change
 * meanwhile. Safe for all threads.
 */
public final class NbdServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NbdServer.class);

    private final ClientTable clients;
    private final Map<Endpoint, Listener> listeners = new LinkedHashMap<>();
    private NbdSettings settings;
    private boolean started;
    private boolean closed;

    /**
     * A server that does not listen yet.
     *
     * @param settings how it is set up
     * @param registry what it serves
     */
    public NbdServer(NbdSettings settings, DeviceRegistry registry) {
        this.settings = settings;
        this.clients = new ClientTable(registry, settings);
    }

    /**
     * Begins to listen.
     *
     * @throws StorageException INVALID or BUSY; the message begins with the configuration's key. Nothing listens then
     */
    public synchronized void start() throws StorageException {
        apply(settings);
    }

    /**
     * Takes other settings. Clients that are connected stay so, as they are; what did not change of the addresses goes on
     * listening.
     *
     * @param newSettings how it is to be set up
     * @throws StorageException INVALID or BUSY; the message begins with the configuration's key. Everything stays as it was
     */
    public synchronized void apply(NbdSettings newSettings) throws StorageException {
        if (closed) {
            throw new StorageException(StorageException.Reason.CLOSED, "the NBD server is closed", "");
        }
        SSLContext tls = TlsContexts.load(newSettings.tls());
        List<Endpoint> wanted = Endpoint.of(newSettings);
        Map<Endpoint, Listener> opened = open(wanted);
        clients.apply(newSettings, tls);
        // Whoever comes by a new way is served by the new terms.
        opened.values().forEach(Listener::start);
        settings = newSettings;
        started = true;
        listeners.putAll(opened);
        for (Endpoint endpoint : List.copyOf(listeners.keySet())) {
            if (!wanted.contains(endpoint)) {
                listeners.remove(endpoint).close();
            }
        }
        if (wanted.isEmpty()) {
            LOG.info("nbd: serving at no address, since host is empty and there is no unixSocket");
        } else {
            LOG.info("nbd: serving at {}", endpoints());
        }
    }

    /** All that are wanted and not open yet, or none of them. What stood in their way is open again then. */
    private Map<Endpoint, Listener> open(List<Endpoint> wanted) throws StorageException {
        Map<Endpoint, Listener> opened = new LinkedHashMap<>();
        Map<Endpoint, Endpoint> moved = new LinkedHashMap<>();
        try {
            for (Endpoint endpoint : wanted) {
                if (!listeners.containsKey(endpoint)) {
                    opened.put(endpoint, listen(endpoint, moved));
                }
            }
            return opened;
        } catch (StorageException e) {
            opened.values().forEach(Listener::close);
            moved.forEach(this::reopen);
            throw e;
        }
    }

    /**
     * Listens. A port that an address of this server has is taken for another address that covers it: the one before is closed
     * first then, and noted with where it really listened.
     */
    private Listener listen(Endpoint endpoint, Map<Endpoint, Endpoint> moved) throws StorageException {
        Endpoint own = inTheWay(endpoint);
        try {
            return endpoint.listen(clients::accept);
        } catch (StorageException e) {
            if (own == null || e.reason() != StorageException.Reason.BUSY) {
                throw e;
            }
        }
        Listener before = listeners.remove(own);
        before.close();
        moved.put(own, Endpoint.at(own, before.address()));
        return endpoint.listen(clients::accept);
    }

    private Endpoint inTheWay(Endpoint endpoint) {
        for (Map.Entry<Endpoint, Listener> each : listeners.entrySet()) {
            if (endpoint instanceof Endpoint.Tcp tcp
                    && each.getValue().address() instanceof InetSocketAddress taken
                    && taken.getPort() == tcp.port()) {
                return each.getKey();
            }
        }
        return null;
    }

    private void reopen(Endpoint endpoint, Endpoint where) {
        try {
            Listener again = where.listen(clients::accept);
            again.start();
            listeners.put(endpoint, again);
        } catch (StorageException e) {
            LOG.error("nbd: clients cannot connect as before any more: {}", e.getMessage());
        }
    }

    /**
     * The settings in force.
     *
     * @return those that were taken last
     */
    public synchronized NbdSettings settings() {
        return settings;
    }

    /**
     * Whether it was started and not closed.
     *
     * @return true when it serves
     */
    public synchronized boolean serving() {
        return started && !closed;
    }

    /**
     * Where it listens for TCP.
     *
     * @return with the real port; empty when it does not
     */
    public synchronized Optional<InetSocketAddress> address() {
        for (Listener listener : listeners.values()) {
            SocketAddress address = listener.address();
            if (address instanceof InetSocketAddress tcp) {
                return Optional.of(tcp);
            }
        }
        return Optional.empty();
    }

    /**
     * Where clients reach it.
     *
     * @return URIs without an export name
     */
    public List<String> endpoints() {
        return addresses("");
    }

    /**
     * Where clients reach an export.
     *
     * @param exportName name of it; empty for the server itself
     * @return a URI for each address that it listens on
     */
    public synchronized List<String> addresses(String exportName) {
        List<String> uris = new ArrayList<>();
        boolean tls = settings.tls().mode() == TlsMode.REQUIRED;
        listeners.values().forEach(listener -> uris.add(Endpoint.uri(listener.address(), tls, exportName)));
        return uris;
    }

    /**
     * Who is connected and has chosen an export.
     *
     * @return in the order in which they came
     */
    public List<FrontEnd.Client> clients() {
        return clients.describe();
    }

    /**
     * What it counts.
     *
     * @return a view that stays current
     */
    public NbdServerMXBean statistics() {
        return clients;
    }

    /** Stops listening, lets clients have the answers to what is in flight, refuses what they send then, and ends. */
    @Override
    public void close() {
        List<Listener> closing;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            closing = List.copyOf(listeners.values());
            listeners.clear();
        }
        clients.stopping();
        closing.forEach(Listener::close);
        clients.close();
    }
}
