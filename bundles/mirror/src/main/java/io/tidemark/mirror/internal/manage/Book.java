package io.tidemark.mirror.internal.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.base.text.Names;
import io.tidemark.base.wish.CfgText;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.wish.WishKind;
import io.tidemark.base.wish.WishStore;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wishes of one sort: what commands keep and what the container tells of come together here, and whoever acts on them is told of
 * each change once. Safe for all threads.
 *
 * @param <C> what a wish is when it has been read
 */
final class Book<C> {
    private static final Pattern KEY = Pattern.compile("[A-Za-z][A-Za-z0-9._-]{0,127}");
    private static final int MOST_REPLACED = 16;
    private static final Logger LOG = LoggerFactory.getLogger(Book.class);

    /**
     * A wish.
     *
     * @param wish as it was written
     * @param config what it says; null when it is refused
     * @param refused why, beginning with the key; empty when it is not
     */
    record Page<C>(Wish wish, C config, String refused) {
        /** What is to be done about one that is refused. */
        String remedy() {
            return "correct or remove " + wish.origin();
        }
    }

    /** Reads a wish. */
    interface Reader<C> {
        /** Fails with a message that begins with the key. */
        C read(Wish wish);
    }

    /** Acts on wishes: the same name in its turn, under no lock. */
    interface Actor<C> {
        /** Either may be null: it is new, or gone. Also told when it is refused, with the page's config null. */
        void changed(String name, Page<C> before, Page<C> now);
    }

    private final WishKind kind;
    private final WishStore store;
    private final Turns turns;
    private final Reader<C> reader;
    private final Actor<C> actor;

    private final Object lock = new Object();
    /** Guarded by the lock. By origin; of two of one name the first by origin counts. */
    private final TreeMap<String, Page<C>> pages = new TreeMap<>();
    /** What the actor was told last. */
    private final Map<String, Page<C>> told = new HashMap<>();
    /** By origin what commands have replaced and the container may still tell of: it reads files only now and then. */
    private final Map<String, Deque<Map<String, String>>> replaced = new HashMap<>();

    Book(WishKind kind, WishStore store, Turns turns, Reader<C> reader, Actor<C> actor) {
        this.kind = kind;
        this.store = store;
        this.turns = turns;
        this.reader = reader;
        this.actor = actor;
    }

    // ---- by the container

    void wished(Wish wish) {
        turns.in(turn(wish.name()), () -> {
            if (!isLate(wish)) {
                put(wish);
                tell(wish.name());
            }
            return null;
        });
    }

    private boolean isLate(Wish wish) {
        synchronized (lock) {
            Deque<Map<String, String>> before = replaced.get(wish.origin());
            Page<C> now = pages.get(wish.origin());
            boolean late = before != null
                    && now != null
                    && !now.wish().properties().equals(wish.properties())
                    && before.contains(wish.properties());
            if (!late) {
                replaced.remove(wish.origin());
            }
            return late;
        }
    }

    private void replace(Wish wish) {
        synchronized (lock) {
            Deque<Map<String, String>> before = replaced.computeIfAbsent(wish.origin(), key -> new ArrayDeque<>());
            before.add(wish.properties());
            if (before.size() > MOST_REPLACED) {
                before.remove();
            }
        }
    }

    void unwished(String origin) {
        Page<C> known;
        synchronized (lock) {
            known = pages.get(origin);
        }
        if (known != null) {
            turns.in(turn(known.wish().name()), () -> {
                remove(origin);
                tell(known.wish().name());
                return null;
            });
        }
    }

    // ---- by commands

    Optional<Page<C>> page(String name) {
        synchronized (lock) {
            return pages.values().stream()
                    .filter(page -> page.wish().name().equals(name))
                    .findFirst();
        }
    }

    /** What a name's wish says; empty when there is none, or it is refused. */
    Optional<C> config(String name) {
        return page(name).map(Page::config);
    }

    /** Sorted by name. */
    List<Page<C>> all() {
        TreeMap<String, Page<C>> byName = new TreeMap<>();
        synchronized (lock) {
            pages.values().forEach(page -> byName.putIfAbsent(page.wish().name(), page));
        }
        return List.copyOf(byName.values());
    }

    Page<C> add(String name, Map<String, String> properties) throws StorageException {
        Wish wish = new Wish("", checked(name), properties);
        check(wish);
        return turns.in(turn(name), () -> {
            if (page(name).isPresent()) {
                throw new StorageException(
                        Reason.EXISTS,
                        "there is a " + kind.thing() + " " + name + " already",
                        "choose another name, or remove that one first");
            }
            put(store.add(wish));
            return tell(name);
        });
    }

    /** What is to be changed is worked out in the turn, from what is wished then; null for nothing. */
    interface Change<C> {
        Map<String, String> of(C config) throws StorageException;
    }

    Page<C> change(String name, Change<C> change) throws StorageException {
        return turns.in(turn(name), () -> {
            Page<C> page = page(name).orElseThrow(() -> none(name));
            if (page.config() == null) {
                throw new StorageException(
                        Reason.INVALID,
                        "the configuration of the " + kind.thing() + " " + name + " is refused: " + page.refused(),
                        page.remedy() + " first");
            }
            Map<String, String> changes = change.of(page.config());
            if (changes == null) {
                return page;
            }
            Wish changed = page.wish().with(changes);
            check(changed);
            store.change(page.wish(), changes);
            replace(page.wish());
            put(changed);
            return tell(name);
        });
    }

    /** Only while a condition holds, which is looked at in the turn. */
    void remove(String name, Change<C> condition) throws StorageException {
        turns.in(turn(name), () -> {
            Page<C> page = page(name).orElseThrow(() -> none(name));
            if (page.config() != null) {
                condition.of(page.config());
            }
            store.remove(page.wish());
            remove(page.wish().origin());
            return tell(name);
        });
    }

    private StorageException none(String name) {
        return new StorageException(
                Reason.NOT_FOUND,
                "there is no " + kind.thing() + " " + name,
                "mirror:status and mirror:peer-list show them");
    }

    // ---- both

    private String turn(String name) {
        return kind.pid() + "/" + name;
    }

    private String checked(String name) throws StorageException {
        try {
            return Names.check(kind.thing(), name);
        } catch (IllegalArgumentException e) {
            throw new StorageException(Reason.INVALID, e.getMessage(), "");
        }
    }

    private void check(Wish wish) throws StorageException {
        try {
            for (Map.Entry<String, String> each : wish.properties().entrySet()) {
                // They come from peers, too, and are not to become other lines of a file.
                if (!KEY.matcher(each.getKey()).matches()) {
                    throw new IllegalArgumentException("'" + each.getKey() + "' is no key");
                }
                CfgText.check(each.getKey(), each.getValue());
            }
            reader.read(wish);
        } catch (IllegalArgumentException e) {
            throw new StorageException(Reason.INVALID, e.getMessage(), "");
        }
    }

    private void put(Wish wish) {
        Page<C> page = read(wish);
        synchronized (lock) {
            pages.put(wish.origin(), page);
        }
    }

    private Page<C> read(Wish wish) {
        try {
            Names.check("name", wish.name());
            return new Page<>(wish, reader.read(wish), "");
        } catch (IllegalArgumentException e) {
            LOG.error("the configuration {} is refused: {}", wish.origin(), e.getMessage());
            return new Page<>(wish, null, e.getMessage());
        }
    }

    private void remove(String origin) {
        synchronized (lock) {
            pages.remove(origin);
            replaced.remove(origin);
        }
    }

    /** In the name's turn. */
    private Page<C> tell(String name) {
        Page<C> now = page(name).orElse(null);
        Page<C> before;
        synchronized (lock) {
            before = now == null ? told.remove(name) : told.put(name, now);
        }
        boolean same = before != null
                && now != null
                && before.wish().properties().equals(now.wish().properties());
        if (!same && (before != null || now != null)) {
            actor.changed(name, before, now);
        }
        return now;
    }
}
