package io.tidemark.base.net;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Where a server listens, and how it comes to listen elsewhere. Not safe for threads: whoever has it guards it.
 *
 * @param <P> a socket, and whoever takes its peers
 */
public final class Places<P extends Places.Place> {
    /** A socket, and whoever takes its peers. */
    public interface Place {
        /**
         * What peers connect to.
         *
         * @return the socket
         */
        ListeningSocket socket();

        /** Takes peers from now on. Those that came before wait in the kernel's queue. */
        void start();

        /** Does not listen any more when it returns, so that a successor can. */
        void close();
    }

    /**
     * Opens places.
     *
     * @param <P> what it opens
     */
    public interface Opener<P> {
        /**
         * Listens.
         *
         * @param endpoint where
         * @return a place that takes nobody yet
         * @throws StorageException as {@link ListeningSocket#open}
         */
        P open(Endpoint endpoint) throws StorageException;
    }

    private final Opener<P> opener;
    private final Consumer<StorageException> lost;
    private final Map<Endpoint, P> places = new LinkedHashMap<>();

    /**
     * None yet.
     *
     * @param opener opens them
     * @param lost is told why a place is not there any more that should have stayed
     */
    public Places(Opener<P> opener, Consumer<StorageException> lost) {
        this.opener = opener;
        this.lost = lost;
    }

    /**
     * Listens where it is wanted, and nowhere else. What was open before and is still wanted is not touched.
     *
     * @param wanted where
     * @param terms done as soon as all are open: whoever comes by a new way is served by the new terms
     * @throws StorageException BUSY or INVALID; the message begins with the configuration's key. Everything stays as it was then
     */
    public void move(List<Endpoint> wanted, Runnable terms) throws StorageException {
        Map<Endpoint, P> opened = open(wanted);
        terms.run();
        // Known before they start: one that cannot is closed with the others.
        places.putAll(opened);
        opened.values().forEach(Place::start);
        for (Endpoint endpoint : List.copyOf(places.keySet())) {
            if (!wanted.contains(endpoint)) {
                places.remove(endpoint).close();
            }
        }
    }

    /** All that are wanted and not open yet, or none of them. What stood in their way is open again then. */
    private Map<Endpoint, P> open(List<Endpoint> wanted) throws StorageException {
        Map<Endpoint, P> opened = new LinkedHashMap<>();
        Map<Endpoint, Endpoint> moved = new LinkedHashMap<>();
        try {
            for (Endpoint endpoint : wanted) {
                if (!places.containsKey(endpoint)) {
                    opened.put(endpoint, open(endpoint, moved));
                }
            }
            return opened;
        } catch (StorageException e) {
            opened.values().forEach(Place::close);
            moved.forEach(this::reopen);
            throw e;
        }
    }

    /**
     * Opens a place. A port that one of these has is taken for another address that covers it: the one before is closed first then,
     * and noted with where it really was.
     */
    private P open(Endpoint endpoint, Map<Endpoint, Endpoint> moved) throws StorageException {
        Endpoint own = inTheWay(endpoint);
        try {
            return opener.open(endpoint);
        } catch (StorageException e) {
            if (own == null || e.reason() != Reason.BUSY) {
                throw e;
            }
        }
        P before = places.remove(own);
        before.close();
        moved.put(own, before.socket().real());
        return opener.open(endpoint);
    }

    private Endpoint inTheWay(Endpoint endpoint) {
        for (Map.Entry<Endpoint, P> each : places.entrySet()) {
            if (endpoint instanceof Endpoint.Tcp tcp
                    && each.getKey() instanceof Endpoint.Tcp
                    && each.getValue().socket().port() == tcp.port()) {
                return each.getKey();
            }
        }
        return null;
    }

    private void reopen(Endpoint endpoint, Endpoint where) {
        try {
            P again = opener.open(where);
            again.start();
            places.put(endpoint, again);
        } catch (StorageException e) {
            lost.accept(e);
        }
    }

    /**
     * All that are open.
     *
     * @return in the order in which they were opened
     */
    public List<P> all() {
        return List.copyOf(places.values());
    }

    /**
     * Lets go of all of them.
     *
     * @return to be closed by the caller
     */
    public List<P> release() {
        List<P> released = all();
        places.clear();
        return released;
    }
}
