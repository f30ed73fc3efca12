package io.tidemark.engine.manage;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermark;
import io.tidemark.api.Watermarks;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.admin.RefusedConfiguration.Sort;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.Journal.JournalStatus;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.api.news.News.Topic;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ReplicaOrigin;
import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.base.text.Sizes;
import io.tidemark.base.wish.KeyReader;
import io.tidemark.base.wish.Wish;
import io.tidemark.engine.image.ImageLabels;
import io.tidemark.engine.image.ImageListener;
import io.tidemark.engine.image.ImageSettings;
import io.tidemark.engine.image.JournaledImage;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a slot's worker does: opens, suspends, resumes, closes, makes and deletes one image. All methods are the worker's,
 * but for those that read the view.
 */
final class ImageLife {
    private static final Logger LOG = LoggerFactory.getLogger(ImageLife.class);
    private static final long TRIM_INTERVAL_NANOS = 10_000_000_000L;
    /** What may pass without anybody doing something to the image. */
    private static final Set<Reason> PASSING = Set.of(
            Reason.IO,
            Reason.BUSY,
            Reason.NO_SPACE,
            Reason.JOURNAL_FULL,
            Reason.CLOSED,
            Reason.STALE_SERVICE,
            Reason.UNAVAILABLE);

    /** Refusals of a change that left everything as it was. */
    private static final Set<Reason> UNTOUCHED = Set.of(Reason.MISMATCH, Reason.INVALID, Reason.BUSY);

    /** What opening again does not mend, though it may succeed. */
    private static final Set<Reason> DAMAGE = Set.of(Reason.CORRUPT, Reason.MISMATCH);

    private final Host host;
    private final String name;
    private final ImageListener listener;
    private final Runnable released;
    private final StoreOpener opener;
    private final RuleKeeper rules;
    private final TrimKeeper trims;
    private final JournalLevel level = new JournalLevel();
    private final Quiet quiet = new Quiet(TRIM_INTERVAL_NANOS);
    private final ReplicaDemand demand = new ReplicaDemand();
    private final Backoff backoff = new Backoff();
    private boolean endWanted;
    /** It is being opened for a promotion that was ordered just now. */
    private boolean promotes;

    /**
     * Met while serving; empty for none. Opening again would succeed and meet it again: somebody has to change something first.
     */
    private String damage = "";

    /** That it serves, and what was found when it was opened, until it is told; empty for nothing new. */
    private String news = "";

    private long suspendedSinceNanos;
    private long trimmedNanos;

    private volatile View view = new View(null, null, null, "", State.STARTING, "", null);

    ImageLife(Host host, String name, ImageListener listener, Runnable released) {
        this.host = host;
        this.name = name;
        this.listener = listener;
        this.released = released;
        this.opener = new StoreOpener(host.context(), host.owner());
        this.rules = new RuleKeeper(host);
        this.trims = new TrimKeeper(host);
    }

    View view() {
        return view;
    }

    /** The state, in one word. */
    State state() {
        View now = view;
        return now.engine() != null && now.stores() != null ? now.engine().state() : now.state();
    }

    /** Why it does not serve. */
    String detail() {
        View now = view;
        return now.engine() != null && now.stores() != null ? now.engine().detail() : now.detail();
    }

    ImageStatus status(Wish wish) {
        return StatusBuilder.status(
                view, state(), detail(), wish, rules, trims, host.refused().ofTheNode());
    }

    boolean endWanted() {
        return endWanted;
    }

    /** What there is to tell since this was asked last: that it serves, and what opening found; empty for nothing. */
    String takeNews() {
        String taken = news;
        news = "";
        return taken;
    }

    /** Something around the image has changed: what failed is tried again at once. */
    void kick() {
        damage = "";
        backoff.kick();
    }

    /** Whoever has mended something is told what came of it. */
    void lookAgain() {
        kick();
        if (view.stores() == null) {
            advance(null, false);
        }
    }

    /** How long until somebody has to look though nothing woke the worker, in nanoseconds. */
    long lookNanos() {
        View now = view;
        boolean settled = state() == State.SERVING
                && now.engine() != null
                && now.refusal().isEmpty()
                && rules.problem().isEmpty()
                && trims.problems().isEmpty();
        return quiet.lookNanos(settled ? now : null, now());
    }

    private long now() {
        return host.context().clock().monotonicNanos();
    }

    // ---- the wish

    /** A configuration takes effect, or is refused and the last good one stays in force. */
    void wish(Wish wish) {
        View now = view;
        try {
            ImageConfig next = check(wish);
            if (now.engine() != null) {
                now.engine()
                        .settings(host.shares().limit(next.settingsAs(now.head().role())));
            }
            if (now.stores() != null) {
                now.stores().journal().configure(next.journalAs(now.head().role()));
                now.engine().retryHeld(true);
            }
            trimmedNanos = now() - TRIM_INTERVAL_NANOS;
            // Why an earlier one was refused is no reason any more; whether it opens now is seen soon.
            boolean mended = now.engine() == null && !now.refusal().isEmpty();
            view = new View(
                    now.engine(),
                    now.stores(),
                    next,
                    "",
                    mended ? State.STARTING : now.state(),
                    mended ? "" : now.detail(),
                    now.head());
            if (now.engine() != null) {
                // Whoever asked for another rule believes in it from the answer on.
                keepRule(view);
            }
        } catch (IllegalArgumentException e) {
            ImageConfig kept = now.engine() != null ? now.config() : null;
            if (kept != null) {
                // Without an image the state tells it.
                LOG.warn("Image {}: configuration refused, the last good one stays in force: {}", name, e.getMessage());
            }
            view = new View(now.engine(), now.stores(), kept, e.getMessage(), now.state(), now.detail(), now.head());
        }
        kick();
    }

    /**
     * Checks a wish against itself, its strategies and what is.
     *
     * @throws IllegalArgumentException beginning with the key that is wrong
     */
    ImageConfig check(Wish wish) {
        wish.check();
        ImageConfig next = ImageConfig.parse(name, wish.properties());
        StrategyCheck.check(host, next);
        View now = view;
        if (now.engine() != null) {
            checkAgainst(now, next);
        }
        return next;
    }

    private static void checkAgainst(View now, ImageConfig next) {
        checkRelay(now, next);
        if (!next.pool().equals(now.config().pool())) {
            throw KeyReader.wrong(
                    ImageKeys.POOL, "the image lies in pool " + now.config().pool() + " and cannot be moved");
        }
        if (!next.journalPool().equals(now.config().journalPool())) {
            throw KeyReader.wrong(
                    ImageKeys.JOURNAL_POOL,
                    "the journal lies in pool " + now.config().journalPool() + " and cannot be moved");
        }
        try {
            if (next.sizeBytes() != ImageConfig.UNSET
                    && next.sizeBytes() != now.engine().sizeBytes()) {
                throw StoreOpener.differentSize(next, now.engine().sizeBytes());
            }
            if (now.head() != null) {
                StoreOpener.checkHead(
                        next,
                        now.head()
                                .at(
                                        now.head().checkpointed(),
                                        now.head().epochIdentity(),
                                        now.engine().sizeBytes()));
            }
        } catch (StorageException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** Nothing that is in force may need what would not be kept any more. */
    private static void checkRelay(View now, ImageConfig next) {
        if (!next.relayOff() || now.config().relayOff() || now.head().role() != ImageHead.Role.REPLICA) {
            return;
        }
        ReplicaProgress replica = now.engine().facts().replica();
        if (replica != null && !replica.order().equals(HeadOrder.LIVE)) {
            throw KeyReader.wrong(
                    ImageKeys.RELAY, "the replica is held or delayed, which needs a journal: let it follow live first");
        }
        boolean followed = now.stores() != null
                && now.stores().journal().clients().stream()
                        .anyMatch(client -> client.state() == JournalClient.State.CONNECTED);
        if (followed) {
            throw KeyReader.wrong(ImageKeys.RELAY, "others follow this replica, which needs a journal: end that first");
        }
    }

    // ---- towards the wish

    /**
     * One step towards what is wished.
     *
     * @param failure of a store, as the engine told; null for none
     * @param trimWanted whether the engine asked for it
     * @return how long to wait for the next step, unless woken
     */
    long advance(StorageException failure, boolean trimWanted) {
        View now = view;
        if (now.engine() == null) {
            openWhenPossible(now);
        } else {
            keepStores(now, failure);
            if (view.engine() == null) {
                // Given up: begin anew at once.
                return 0;
            }
        }
        now = view;
        if (!news.isEmpty()) {
            // To be told before what comes of tending.
            return 0;
        }
        if (now.engine() != null && now.stores() != null) {
            tend(now, trimWanted);
            return Long.MAX_VALUE;
        }
        long left = backoff.leftNanos(now());
        return left > 0 ? left : Long.MAX_VALUE;
    }

    private void state(State state, String detail) {
        View now = view;
        view = new View(now.engine(), now.stores(), now.config(), now.refusal(), state, detail, now.head());
    }

    private String missing(ImageConfig config) {
        if (host.journalStores().best(config.journalPool()).isEmpty()) {
            return host.refused().noStore(Sort.JOURNAL_POOL, config.journalPool());
        }
        if (host.imageStores().best(config.pool()).isEmpty()) {
            return host.refused().noStore(Sort.IMAGE_POOL, config.pool());
        }
        return "";
    }

    private void openWhenPossible(View now) {
        ImageConfig config = now.config();
        if (config == null) {
            state(State.REFUSED, now.refusal());
            return;
        }
        String missing = missing(config);
        if (!missing.isEmpty()) {
            state(State.SUSPENDED, missing);
            return;
        }
        if (!damage.isEmpty()) {
            state(State.REFUSED, damage);
            return;
        }
        if (backoff.leftNanos(now()) > 0) {
            return;
        }
        if (now.state() != State.REFUSED) {
            state(State.STARTING, "");
        }
        try {
            open(config);
        } catch (StorageException e) {
            cannotOpen(e);
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            LOG.error("Image {}: opening failed unexpectedly", name, e);
            cannotOpen(new StorageException(
                    Reason.IO, "unexpected failure: " + e, "unless memory was short, report it with the log", e));
        }
    }

    private void cannotOpen(StorageException e) {
        if (PASSING.contains(e.reason())) {
            backoff.failed(now());
            state(State.SUSPENDED, e.getMessage());
        } else {
            backoff.refused(now());
            state(State.REFUSED, e.getMessage());
        }
    }

    private void open(ImageConfig config) throws StorageException {
        JournalStore journals = host.journalStores().best(config.journalPool()).orElseThrow(this::noStores);
        ImageStore images = host.imageStores().best(config.pool()).orElseThrow(this::noStores);
        OpenStores opened;
        try {
            opened = opener.open(journals, images, config);
        } catch (StorageException e) {
            if (e.reason() != Reason.NOT_FOUND) {
                throw e;
            }
            if (config.sizeBytes() == ImageConfig.UNSET) {
                throw new StorageException(
                        Reason.NOT_FOUND,
                        ImageKeys.SIZE + ": it is not set, and there is no image " + name + " in pool " + config.pool(),
                        "bring the image back, or set " + ImageKeys.SIZE + " to make a new one",
                        e);
            }
            opened = opener.create(journals, images, config, null);
        }
        serve(config, opened);
    }

    private StorageException noStores() {
        return new StorageException(
                Reason.UNAVAILABLE,
                "the stores of image " + name + " went away",
                "pool:list shows which are there; bring the pool's configuration or bundle back");
    }

    /** Starts the engine; on failure closes both stores, and deletes them if they were made just now. */
    private void serve(ImageConfig config, OpenStores opened) throws StorageException {
        JournaledImage engine = null;
        boolean begun = false;
        try {
            engine = JournaledImage.open(
                    host.context(),
                    new ImageLabels(name, config.description(), host.owner()),
                    host.shares().limit(config.settingsAs(opened.image().head().role())),
                    rules.rule(config, 0),
                    opened.journal(),
                    opened.image(),
                    listener);
            if (promotes) {
                engine.notePromotion();
            }
            begun = true;
        } finally {
            if (!begun && engine != null) {
                closeEngine(engine);
            }
            if (!begun) {
                opened.close(name);
                if (opened.created()) {
                    new Remains(opened.imageStore(), opened.journalStore()).delete(host.context(), name);
                }
            }
        }
        backoff.succeeded(now());
        View now = view;
        view = new View(
                engine,
                opened,
                config,
                now.refusal(),
                State.SERVING,
                "",
                opened.image().head());
        news = (opened.created() ? "made" : "opened") + " with " + Sizes.format(engine.sizeBytes()) + " in pool "
                + config.pool() + ", journal in pool " + config.journalPool() + ": "
                + opened.journal().recovery().detail();
        tellQuestion(engine);
    }

    // ---- stores that go and come

    private void keepStores(View now, StorageException failure) {
        ImageConfig config = now.config();
        OpenStores stores = now.stores();
        if (stores != null) {
            boolean gone = !host.journalStores().has(stores.journalStore())
                    || !host.imageStores().has(stores.imageStore());
            boolean replaced = host.journalStores().best(config.journalPool()).orElse(null) != stores.journalStore()
                    || host.imageStores().best(config.pool()).orElse(null) != stores.imageStore();
            if (failure == null && !replaced) {
                return;
            }
            if (failure == null && !gone && !host.turns().tryTake(this)) {
                return;
            }
            suspend(now, reason(config, failure, gone));
            if (failure != null && DAMAGE.contains(failure.reason())) {
                damage = failure.getMessage();
            }
        }
        resumeWhenPossible();
    }

    private String reason(ImageConfig config, StorageException failure, boolean gone) {
        String missing = missing(config);
        if (!missing.isEmpty()) {
            return missing;
        }
        if (failure != null && failure.reason() != Reason.STALE_SERVICE) {
            backoff.brokeAgain(now());
            return failure.getMessage() + (DAMAGE.contains(failure.reason()) ? "" : "; opening again");
        }
        return gone ? "a store was replaced" : "moving to a store with a higher ranking";
    }

    private void suspend(View now, String why) {
        suspendedSinceNanos = now();
        state(State.SUSPENDED, why);
        now.engine().suspend(why);
        now.stores().close(name);
        View last = view;
        view = new View(last.engine(), null, last.config(), last.refusal(), State.SUSPENDED, why, last.head());
        released.run();
    }

    private void resumeWhenPossible() {
        View now = view;
        ImageConfig config = now.config();
        String missing = missing(config);
        if (missing.isEmpty() && damage.isEmpty() && backoff.leftNanos(now()) > 0) {
            return;
        }
        if (!missing.isEmpty()) {
            stillSuspended(missing);
        } else if (damage.isEmpty()) {
            resume(now, config);
        }
        View after = view;
        if (after.stores() == null && now() - suspendedSinceNanos > config.suspendTimeoutNanos()) {
            giveUp(after);
        } else if (after.stores() == null && backoff.leftNanos(now()) == 0) {
            backoff.until(now(), suspendedSinceNanos + config.suspendTimeoutNanos() + 1);
        }
    }

    private void resume(View now, ImageConfig config) {
        OpenStores opened = null;
        boolean resumed = false;
        try {
            opened = opener.open(
                    host.journalStores().best(config.journalPool()).orElseThrow(this::noStores),
                    host.imageStores().best(config.pool()).orElseThrow(this::noStores),
                    config);
            now.engine().resume(opened.journal(), opened.image());
            resumed = true;
        } catch (StorageException e) {
            backoff.failed(now());
            stillSuspended(e.getMessage());
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            LOG.error("Image {}: resuming failed unexpectedly", name, e);
            backoff.failed(now());
            stillSuspended("unexpected failure: " + e);
        } finally {
            if (!resumed && opened != null) {
                opened.close(name);
            }
        }
        if (resumed) {
            backoff.succeeded(now());
            host.turns().release(this);
            view = new View(
                    now.engine(),
                    opened,
                    config,
                    view.refusal(),
                    State.SERVING,
                    "",
                    opened.image().head());
            news = "resumed after " + (now() - suspendedSinceNanos) / 1_000_000 + " ms; "
                    + opened.journal().recovery().detail();
            tellQuestion(now.engine());
        }
    }

    /** After it can be seen. */
    private void tellQuestion(JournaledImage engine) {
        if (engine.question() != 0) {
            host.asks().tell();
        }
    }

    private void stillSuspended(String why) {
        state(State.SUSPENDED, why);
        view.engine().suspend(why);
    }

    /** Clients have waited long enough: their requests fail, and the image starts from its journal when it can. */
    private void giveUp(View now) {
        String lost = maybeLost(now);
        host.news()
                .tell(
                        Topic.IMAGE_WARNING,
                        name,
                        "",
                        "clients waited too long for it and fail now" + (lost.isEmpty() ? "" : "; " + lost),
                        Map.of());
        LOG.warn(
                "Image {}: clients waited {} s for it and fail now; {}. Still: {}",
                name,
                now.config().suspendTimeoutNanos() / 1_000_000_000L,
                lost.isEmpty() ? "what is acknowledged is in its journal" : lost,
                now.detail());
        closeSuspended(now.engine());
        host.turns().release(this);
        view = new View(null, null, now.config(), now.refusal(), State.SUSPENDED, now.detail(), now.head());
        backoff.kick();
    }

    /** What is acknowledged and in memory only; empty for nothing. */
    private static String maybeLost(View now) {
        CommitRule rule = now.engine().rule();
        Watermarks marks = now.engine().watermarks();
        long events = marks.appended() - marks.durable();
        if (events == 0 || rule.write() != Watermark.APPENDED || now.head().role() == ImageHead.Role.REPLICA) {
            return "";
        }
        return "up to " + events + " writes that the rule '" + rule.name()
                + "' acknowledged before they were durable may be lost; what was flushed is in its journal";
    }

    // ---- what goes on beside the write path

    private void tend(View now, boolean trimWanted) {
        ImageSettings settings =
                host.shares().limit(now.config().settingsAs(now.head().role()));
        if (!settings.equals(now.engine().settings())) {
            now.engine().settings(settings);
        }
        keepRule(now);
        boolean held = state() == State.HOLDING || state() == State.FAILING;
        // What is fenced, or has to be asked first, does not wait for room.
        boolean trimHelps =
                held && now.engine().fence().isEmpty() && now.engine().question() == 0;
        if (trimWanted || trimHelps || now() - trimmedNanos >= TRIM_INTERVAL_NANOS) {
            trimmedNanos = now();
            trims.round(now.config(), now.engine(), now.stores().journal());
        }
        watchLevel(now);
        if (held) {
            now.engine().retryHeld(false);
        }
    }

    private void watchLevel(View now) {
        JournalStatus journal = now.stores().journal().status();
        warn(level.look(journal, now.config().settings().softWarnFraction(), trims.lastReason()));
        warn(demand.news(now, name));
    }

    private void warn(String line) {
        if (!line.isEmpty()) {
            LOG.warn("Image {}: {}", name, line);
            host.news().tell(Topic.IMAGE_WARNING, name, "", line, Map.of());
        }
    }

    private void keepRule(View now) {
        CommitRule rule = rules.rule(now.config(), now.engine().reachablePeers());
        if (!rule.equals(now.engine().rule())) {
            now.engine().rule(rule);
            if (rules.problem().isEmpty()) {
                LOG.info("Image {}: writes are acknowledged by the rule '{}' from now on", name, rule.name());
            }
        }
    }

    // ---- orders

    /**
     * Makes image and journal as configured, and serves them; leaves nothing when it fails.
     *
     * @param origin of a replica; null for a primary
     */
    void create(ReplicaOrigin origin) throws StorageException {
        ImageConfig config = view.config();
        if (config == null) {
            endWanted = true;
            throw new StorageException(Reason.INVALID, view.refusal(), "");
        }
        boolean made = false;
        try {
            JournalStore journals =
                    host.journalStores().best(config.journalPool()).orElseThrow(this::noStores);
            ImageStore images = host.imageStores().best(config.pool()).orElseThrow(this::noStores);
            serve(config, opener.create(journals, images, config, origin));
            made = true;
        } finally {
            endWanted = !made;
        }
    }

    /**
     * Deletes image and journal, and ends.
     *
     * @param wish the configuration, which may be refused; null when there is none
     * @param forget the configuration; called when nothing stands in the way any more
     */
    void delete(Wish wish, Order.Action forget) throws StorageException {
        View now = view;
        refuseClients(now, "detach them first");
        Remains remains = now.engine() != null
                ? Remains.served(host, now.config(), wish == null ? "" : wish.origin())
                : Remains.find(host, name, wish);
        forget.run();
        endWanted = true;
        close();
        try {
            remains.delete(host.context(), name);
        } catch (StorageException e) {
            throw new StorageException(
                    e.reason(),
                    "the configuration of image " + name + " is removed, but its data is not: " + e.getMessage(),
                    "mend that and run image:delete " + name + " again",
                    e);
        }
        LOG.info("Image {}: deleted", name);
    }

    /** Gives the image a new journal in place of one that is not there. */
    void replaceLostJournal() throws StorageException {
        View now = view;
        ImageConfig config = now.config();
        if (config == null) {
            throw new StorageException(
                    Reason.INVALID,
                    "image " + name + " is refused: " + now.refusal(),
                    "correct its configuration first");
        }
        if (now.stores() != null) {
            throw new StorageException(
                    Reason.INVALID, "the journal of image " + name + " is there", "there is nothing to replace");
        }
        JournalStore journals = host.journalStores().best(config.journalPool()).orElseThrow(this::noStores);
        ImageStore images = host.imageStores().best(config.pool()).orElseThrow(this::noStores);
        if (now.engine() != null) {
            closeEngine(now.engine());
            // It may have been on its way to a better store.
            host.turns().release(this);
            view = new View(null, null, config, now.refusal(), State.STARTING, "", now.head());
        }
        try (BlockImage image = images.open(host.context(), name);
                Journal journal = opener.createJournal(journals, config, image)) {
            JournaledImage.adoptNewJournal(host.context(), host.owner(), journal, config.journalPool(), image);
        }
        LOG.warn("Image {}: its journal was given up by order; it starts a new one at its last checkpoint", name);
        kick();
        open(config);
    }

    /**
     * Changes the role. The image is opened again in its new one, so that clients learn of it.
     *
     * @param at where a replica is to be promoted; null for at the end of its journal
     */
    void turn(ImageHead.Role role, Position at) throws StorageException {
        View now = served();
        try {
            if (at == null) {
                now.engine().turn(role);
            } else {
                now.engine().promoteAt(at);
            }
        } catch (StorageException e) {
            if (!UNTOUCHED.contains(e.reason())) {
                // What is stored now is the truth.
                reopen(now);
            }
            throw e;
        }
        tellRole(role);
        promotes = role == ImageHead.Role.PRIMARY;
        try {
            reopen(now);
        } finally {
            promotes = false;
        }
        reopened("has its new role");
    }

    private View served() throws StorageException {
        View now = view;
        if (now.engine() == null || now.stores() == null) {
            throw new StorageException(
                    Reason.UNAVAILABLE, "image " + name + " is not served: " + now.detail(), "try again when it is");
        }
        return now;
    }

    private void tellRole(ImageHead.Role role) {
        String word = role.name().toLowerCase(Locale.ROOT);
        LOG.info("Image {}: it is a {} from now on", name, word);
        host.news().tell(Topic.IMAGE_ROLE, name, "", "it is a " + word + " from now on", Map.of("role", word));
    }

    /** What runs after what was done, which the reason says if nothing does. */
    private JournaledImage reopened(String what) throws StorageException {
        View after = view;
        if (after.engine() == null) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "image " + name + " " + what + ", but could not be opened again: " + after.detail(),
                    "it is tried again by itself");
        }
        return after.engine();
    }

    /** Makes a replica of an image that is there, of whose bytes it keeps what is as at its source. */
    void adopt(UUID seed, ReplicaOrigin origin) throws StorageException {
        View now = served();
        BlockImage image = now.stores().image();
        checkSeed(now, image.head(), seed, origin);
        closeEngine(now.engine());
        try {
            JournaledImage.adoptSeed(image, origin, opener.newIdentity());
            tellRole(ImageHead.Role.REPLICA);
        } finally {
            reopen(now);
        }
        reopened("is a replica now");
    }

    private void checkSeed(View now, ImageHead head, UUID seed, ReplicaOrigin origin) throws StorageException {
        // A promotion keeps the journal: what was to begin anew by its name has been written since.
        boolean primary = head.role() == ImageHead.Role.PRIMARY;
        if (!head.imageIdentity().equals(seed)
                && (primary || !head.journalIdentity().equals(seed))) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "image " + name + " is " + head.imageIdentity() + " with the journal " + head.journalIdentity()
                            + (primary ? " and is primary" : "") + ", and not " + seed + ", which may be given up",
                    "run mirror:enable --seed at the source, or mirror:resync here, again");
        }
        if (now.engine().sizeBytes() != origin.sizeBytes()) {
            throw new StorageException(
                    Reason.INVALID,
                    "image " + name + " has " + Sizes.format(now.engine().sizeBytes()) + ", and its source has "
                            + Sizes.format(origin.sizeBytes()),
                    "a seed has its source's size: image:resize " + name + ", or mirror:resync --full of a replica");
        }
        long block = now.config().blockSizeBytes();
        if (block != ImageConfig.UNSET && block != origin.blockSizeBytes()) {
            throw new StorageException(
                    Reason.INVALID,
                    ImageKeys.BLOCK_SIZE + ": image " + name + " says " + block + ", and its source has "
                            + origin.blockSizeBytes(),
                    "image:set " + name + " " + ImageKeys.BLOCK_SIZE + "=");
        }
        refuseClients(now, "detach them first: what it is now is given up");
    }

    private void refuseClients(View now, String remedy) throws StorageException {
        if (now.engine() != null && !now.engine().clients().isEmpty()) {
            throw new StorageException(
                    Reason.BUSY,
                    "image " + name + " has clients: "
                            + String.join(", ", now.engine().clients()),
                    remedy);
        }
    }

    private void reopen(View now) {
        closeEngine(now.engine());
        now.stores().close(name);
        view = new View(null, null, now.config(), now.refusal(), State.STARTING, "", now.head());
        released.run();
        kick();
        openWhenPossible(view);
    }

    // ---- the end

    /** Closes with a checkpoint where that is possible. */
    void close() {
        state(State.STOPPING, "");
        letGo();
        hide(State.STOPPING, "");
    }

    private void letGo() {
        View now = view;
        try {
            if (now.engine() != null) {
                closeEngine(now.engine());
            }
        } finally {
            if (now.stores() != null) {
                now.stores().close(name);
            }
        }
    }

    private void closeEngine(JournaledImage engine) {
        try {
            engine.close();
            LOG.info(
                    "Image {}: closed, checkpointed at {}",
                    name,
                    engine.watermarks().checkpointed());
        } catch (StorageException e) {
            LOG.warn(
                    "Image {}: closed without a last checkpoint, the next start replays more of the journal: {}",
                    name,
                    e.getMessage());
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            // Whoever closes it goes on: its stores are let go, and it is opened again where that is to be.
            LOG.error("Image {}: closing failed unexpectedly, the next start replays more of the journal", name, e);
        }
    }

    /** Without its stores there is no checkpoint, and nobody has to be told. */
    private void closeSuspended(JournaledImage engine) {
        try {
            engine.close();
        } catch (StorageException e) {
            LOG.debug("Image {}: {}", name, e.getMessage());
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            LOG.error("Image {}: closing failed unexpectedly", name, e);
        }
    }

    /** The worker has failed: nobody would resume the image, so its clients are told, and what they wait for ends. */
    void abandon(String why) {
        try {
            letGo();
        } catch (RuntimeException | Error e) {
            LOG.error("Image {}: it could not be closed", name, e);
        }
        hide(State.REFUSED, why);
    }

    /** Shows no engine any more. */
    private void hide(State state, String why) {
        host.turns().release(this);
        View now = view;
        view = new View(null, null, now.config(), now.refusal(), state, why, now.head());
        released.run();
    }
}
