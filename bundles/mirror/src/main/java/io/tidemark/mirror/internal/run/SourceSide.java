package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.context.Workers.Worker;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.EndCode;
import io.tidemark.mirror.internal.wire.EventsFrame;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Point;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images that go out over one link: a worker opens channels and sends events, from each image in its turn, by bytes. It waits
 * for the link and for nothing that another image does.
 */
final class SourceSide {
    static final int QUANTUM_BYTES = 256 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(SourceSide.class);
    private static final long SECOND = 1_000_000_000L;
    private static final int MOST_REQUESTS = 4096;
    /** Of requests that wait, as they came: each may have many epochs, and the worker may be busy for long. */
    private static final long MOST_REQUEST_BYTES = 4 << 20;

    private static final int MOST_CHANNELS = 4096;

    private final StorageContext context;
    private final Sources all;
    private final Gate gate;
    private final Gate sending;
    private final Map<Integer, Outgoing> channels = new ConcurrentHashMap<>();
    /** Guarded by itself, as is how long they are. */
    private final Deque<Request> requests = new ArrayDeque<>();

    private long requestBytes;
    private final ConcurrentLinkedDeque<Outgoing> ready = new ConcurrentLinkedDeque<>();
    /** Whose rest ends first is first; of the worker. */
    private final Deque<Outgoing> resting = new ArrayDeque<>();

    /** Of the worker, while it has channels that send events: most ends of links never have one. */
    private EventsFrame frame;

    private volatile Worker worker;
    private PeerLink link;

    private record Request(int channel, Message message, int bytes) {}

    SourceSide(StorageContext context, Sources all) {
        this.context = context;
        this.all = all;
        this.gate = context.workers().newGate();
        this.sending = context.workers().newGate();
    }

    String peer() {
        return link.peer();
    }

    boolean isEmpty() {
        return channels.isEmpty();
    }

    /** After its link was closed: returns when nothing is opened or sent any more, or after a while. */
    void awaitEnd(long timeoutNanos) {
        Worker started = worker;
        if (started != null) {
            started.join(timeoutNanos);
        }
    }

    void start(PeerLink proven) {
        link = proven;
        link.wakeAtEnd(gate);
        worker = context.workers().start("mirror-source", this::run);
    }

    // ---- by the link's worker

    void take(int channel, Message message, int bytes) throws StorageException {
        Outgoing outgoing = channels.get(channel);
        if (message instanceof Message.Credit credit) {
            if (outgoing != null) {
                outgoing.credited(credit.released());
            }
        } else if (message instanceof Message.Wanted wanted) {
            if (outgoing != null) {
                outgoing.wanted(wanted);
            }
        } else if (message instanceof Message.Progress progress) {
            if (outgoing != null) {
                outgoing.progressed(progress);
            }
        } else {
            if (!isQueued(new Request(channel, message, bytes))) {
                askLater(channel);
            }
            gate.open();
        }
    }

    private boolean isQueued(Request request) throws StorageException {
        synchronized (requests) {
            if (requests.size() >= MOST_REQUESTS) {
                throw new StorageException(
                        Reason.CORRUPT, "the peer opens channels faster than they can be", "update the peer");
            }
            boolean fits = requestBytes == 0 || requestBytes + request.bytes() <= MOST_REQUEST_BYTES;
            if (!fits && request.message() instanceof Message.Open) {
                return false;
            }
            requestBytes += request.bytes();
            requests.add(request);
            return true;
        }
    }

    private void askLater(int channel) throws StorageException {
        Refusal later =
                new Refusal(EndCode.UNAVAILABLE, "many images are asked for at the moment; this one comes later");
        if (!link.trySend(Encoder.encode(channel, later.message()))) {
            throw new StorageException(
                    Reason.UNAVAILABLE, "the peer opens many channels, and takes no answers", "look at the peer");
        }
    }

    /** By anybody: there is something to do for a channel. */
    void ready(Outgoing outgoing) {
        if (outgoing.queued.compareAndSet(false, true)) {
            ready.add(outgoing);
            gate.open();
        }
    }

    // ---- the worker

    private void run() {
        try {
            serve();
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            link.close(Failures.unexpected("serve " + link.peer(), e).getMessage());
        }
        // Whatever happened: what is open keeps journals from being trimmed, and counts as reachable.
        channels.values()
                .forEach(outgoing ->
                        Failures.attempt("end the channel of " + outgoing.image(), () -> outgoing.close(false)));
        channels.clear();
        link.sleepsNoMore(gate);
    }

    private void serve() {
        long tickDue = context.clock().monotonicNanos() + SECOND;
        while (link.isOpen()) {
            Request request = nextRequest();
            if (request != null) {
                handle(request);
                continue;
            }
            long now = context.clock().monotonicNanos();
            if (now >= tickDue) {
                channels.values().forEach(outgoing -> outgoing.tell(link, sending));
                tickDue = now + SECOND;
            }
            long rest = wakeRested(now);
            Outgoing next = ready.poll();
            if (next == null) {
                frame = channels.isEmpty() ? null : frame;
                gate.await(channels.isEmpty() ? Long.MAX_VALUE : Math.max(1, Math.min(rest, tickDue - now)));
            } else {
                serve(next, now);
            }
        }
    }

    private Request nextRequest() {
        synchronized (requests) {
            Request next = requests.poll();
            requestBytes -= next == null ? 0 : next.bytes();
            return next;
        }
    }

    private void handle(Request request) {
        Outgoing before = channels.remove(request.channel());
        if (before != null) {
            before.close(request.message() instanceof Message.Leave leave && leave.forget());
        }
        if (request.message() instanceof Message.Open open) {
            try {
                if (channels.size() >= MOST_CHANNELS) {
                    throw new Refusal(EndCode.UNAVAILABLE, MOST_CHANNELS + " images are on this link already");
                }
                Outgoing outgoing = all.open(this, link, request.channel(), open);
                channels.put(request.channel(), outgoing);
                link.send(sending, request.channel(), outgoing.opened());
                outgoing.start(link, sending);
                ready(outgoing);
            } catch (Refusal refusal) {
                refuse(request.channel(), open, refusal);
            } catch (RuntimeException | VirtualMachineError | LinkageError e) {
                Outgoing begun = channels.get(request.channel());
                Refusal why = Refusal.of(Failures.unexpected("open '" + open.image() + "' for " + link.peer(), e));
                if (begun == null) {
                    refuse(request.channel(), open, why);
                } else {
                    end(begun, why);
                }
            }
        }
    }

    private void refuse(int channel, Message.Open open, Refusal refusal) {
        LOG.info("{} does not get {}: {}", link.peer(), open.image(), refusal.getMessage());
        link.send(sending, channel, refusal.message());
        tell(open.image(), refusal.message());
    }

    /** How long the next one rests. */
    private long wakeRested(long now) {
        while (!resting.isEmpty()) {
            long rest = resting.peek().restNanos(now);
            if (rest > 0) {
                return rest;
            }
            Outgoing rested = resting.remove();
            rested.resting = false;
            ready(rested);
        }
        return Long.MAX_VALUE;
    }

    private void serve(Outgoing outgoing, long now) {
        outgoing.queued.set(false);
        if (channels.get(outgoing.channel()) != outgoing) {
            return;
        }
        if (outgoing.restNanos(now) > 0) {
            if (!outgoing.resting) {
                outgoing.resting = true;
                resting.add(outgoing);
            }
            return;
        }
        if (outgoing.debtBytes > QUANTUM_BYTES && !ready.isEmpty()) {
            outgoing.debtBytes -= QUANTUM_BYTES;
            ready(outgoing);
            return;
        }
        try {
            long bytes = outgoing.serve(this::frame, link, sending);
            outgoing.debtBytes = Math.max(0, outgoing.debtBytes + bytes - QUANTUM_BYTES);
            if (bytes > 0) {
                ready(outgoing);
            }
        } catch (StorageException e) {
            end(outgoing, Refusal.of(e));
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            end(outgoing, Refusal.of(Failures.unexpected("send '" + outgoing.image() + "' to " + link.peer(), e)));
        }
    }

    private EventsFrame frame() {
        frame = frame == null ? new EventsFrame(QUANTUM_BYTES) : frame;
        return frame;
    }

    private void end(Outgoing outgoing, Refusal why) {
        LOG.warn("{} gets no more of {}: {}", link.peer(), outgoing.image(), why.getMessage());
        channels.remove(outgoing.channel());
        outgoing.close(false);
        link.send(sending, outgoing.channel(), why.message());
        tell(outgoing.image(), why.message());
    }

    private void tell(String image, Message.Ended ended) {
        Map<String, String> facts = new HashMap<>(ended.facts());
        facts.put("role", "primary");
        all.news().tell(ended.code().topic(), image, link.peer(), ended.words(), facts);
    }

    /** Why an image does not go out. */
    static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;

        private final EndCode code;
        private final transient Point fork;

        Refusal(EndCode code, Point fork, String words) {
            super(words);
            this.code = code;
            this.fork = fork;
        }

        Refusal(EndCode code, String words) {
            this(code, Point.NONE, words);
        }

        static Refusal of(StorageException failure) {
            return switch (failure.reason()) {
                case NOT_FOUND -> new Refusal(EndCode.NOT_FOUND, failure.getMessage());
                case INVALID -> new Refusal(EndCode.PROTOCOL, failure.getMessage());
                default -> new Refusal(codeOf(failure), failure.getMessage());
            };
        }

        private static EndCode codeOf(StorageException failure) {
            if (failure instanceof Expired) {
                return EndCode.EXPIRED;
            }
            return failure instanceof Unwanted ? EndCode.FORBIDDEN : EndCode.UNAVAILABLE;
        }

        Message.Ended message() {
            return new Message.Ended(code, fork, getMessage());
        }
    }

    /** Somebody ended the mirroring here. */
    static final class Unwanted extends StorageException {
        private static final long serialVersionUID = 1L;

        Unwanted(String what) {
            super(Reason.MISMATCH, what, "run mirror:enable at the source, or mirror:disable here too");
        }
    }

    /** The journal no longer waits for the replica. */
    static final class Expired extends StorageException {
        private static final long serialVersionUID = 1L;

        Expired(String what) {
            super(Reason.MISMATCH, what, "");
        }
    }
}
