package io.tidemark.nbd;

import io.tidemark.api.StorageException;
import io.tidemark.api.device.DeviceRegistry;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.base.net.Places;
import io.tidemark.nbd.internal.ClientTable;
import io.tidemark.nbd.internal.Listener;
import io.tidemark.nbd.internal.TlsContexts;
import java.net.InetSocketAddress;
import java.util.List;
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
    private final Places<Listener> listeners;
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
        this.listeners = new Places<>(
                endpoint -> new Listener(endpoint, clients::accept),
                e -> LOG.error("nbd: clients cannot connect as before any more: {}", e.getMessage()));
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
        listeners.move(newSettings.endpoints(), () -> {
            clients.apply(newSettings, tls);
            settings = newSettings;
            started = true;
        });
        if (newSettings.endpoints().isEmpty()) {
            LOG.info("nbd: serving at no address, since host is empty and there is no unixSocket");
        } else {
            LOG.info("nbd: serving at {}", endpoints());
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
        for (Listener listener : listeners.all()) {
            if (listener.socket().address() instanceof InetSocketAddress tcp) {
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
        boolean tls = settings.tls().mode() == TlsMode.REQUIRED;
        return listeners.all().stream()
                .map(listener -> listener.uri(tls, exportName))
                .toList();
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
            closing = listeners.release();
        }
        clients.stopping();
        closing.forEach(Listener::close);
        clients.close();
    }
}
