package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.api.journal.JournalStore;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/** What two pools hold, in memory, and services for them that come and go. What is held outlives every service. */
public final class MemoryPools {
    private final Map<String, MemoryJournal> journals = new TreeMap<>();
    private final Map<String, MemoryImage> images = new TreeMap<>();
    private final Set<String> claims = new HashSet<>();
    private final Map<String, StorageException> failures = new HashMap<>();
    private final Map<String, Error> errors = new HashMap<>();

    /** The most services that had one journal or image open at the same time; more than 1 is two writers. */
    private int mostOpeners;

    private final Map<String, Integer> openers = new HashMap<>();
    private final Map<String, Integer> openings = new HashMap<>();

    /** Makes each call with this name fail until it is told otherwise: {@code create image}, {@code open journal}. */
    public synchronized void fail(String call, Reason reason) {
        if (reason == null) {
            failures.remove(call);
        } else {
            failures.put(call, new StorageException(reason, call + " failed on purpose", ""));
        }
    }

    /** Makes the next call with this name end with an error, as where memory is short. */
    public synchronized void failOnce(String call, Error error) {
        errors.put(call, error);
    }

    /** The next trim of a journal does so. */
    public synchronized void failNextTrim(String name, Error error) {
        MemoryJournal journal = journals.get(name);
        journal.beforeTrim = () -> {
            journal.beforeTrim = () -> {};
            throw error;
        };
    }

    /** The journal does so when it is closed, and is closed. */
    public synchronized void failClosing(String name, Error error) {
        journals.get(name).afterClose = () -> {
            throw error;
        };
    }

    public synchronized void failNextForceOfJournal(String name) {
        journals.get(name).failNextForce = true;
    }

    public synchronized void failNextForceOfImage(String name) {
        images.get(name).failNextForce = true;
    }

    public synchronized void damageImage(String name, StorageException damage) {
        images.get(name).damage = damage;
    }

    public synchronized void loseJournal(String name) {
        journals.remove(name);
    }

    public synchronized void loseImage(String name) {
        images.remove(name);
    }

    /** What an interrupted creation leaves. */
    public synchronized void leaveEmptyJournal(String name) {
        journals.put(name, new MemoryJournal(new UUID(9, 9)));
    }

    public synchronized List<String> journalNames() {
        return List.copyOf(journals.keySet());
    }

    public synchronized List<String> imageNames() {
        return List.copyOf(images.keySet());
    }

    public synchronized ImageHead head(String name) {
        return images.get(name).head();
    }

    public synchronized long durable(String name) {
        return journals.get(name).durable();
    }

    public synchronized long trimmed(String name) {
        return journals.get(name).trimmed();
    }

    /** A journal as it is now; another one when it was opened again. */
    public synchronized Journal journal(String name) {
        return journals.get(name);
    }

    /** What a journal was told last. */
    public synchronized JournalSettings settings(String name) {
        return journals.get(name).settings;
    }

    /** What happens, or fails, when a client of a journal is about to be replaced. */
    public interface Meanwhile {
        void run() throws StorageException;
    }

    public synchronized void beforeReplacing(String name, Meanwhile meanwhile) {
        journals.get(name).beforeReplacing = meanwhile;
    }

    /** A journal takes so many events, of which each counts as a byte of its limit. */
    public synchronized void fullAt(String name, long events, long limitBytes) {
        journals.get(name).fullAtEvents = events;
        journals.get(name).limitBytes = limitBytes;
    }

    public synchronized int mostOpeners() {
        return mostOpeners;
    }

    public synchronized int openings(String what) {
        return openings.getOrDefault(what, 0);
    }

    public synchronized int openNow() {
        return claims.size();
    }

    public Journals journals() {
        return new Journals();
    }

    public Images images() {
        return new Images();
    }

    private void check(String call) throws StorageException {
        Error error = errors.remove(call);
        if (error != null) {
            throw error;
        }
        StorageException failure = failures.get(call);
        if (failure != null) {
            throw failure;
        }
    }

    private void claim(String what) throws StorageException {
        if (!claims.add(what)) {
            throw new StorageException(Reason.BUSY, what + " is in use", "");
        }
        openers.merge(what, 1, Integer::sum);
        openings.merge(what, 1, Integer::sum);
        mostOpeners = Math.max(mostOpeners, openers.get(what));
    }

    private synchronized void unclaim(String what) {
        claims.remove(what);
        openers.merge(what, -1, Integer::sum);
    }

    private static StorageException notFound(String what) {
        return new StorageException(Reason.NOT_FOUND, "there is no " + what, "");
    }

    /** A journal store. */
    public final class Journals implements JournalStore {
        @Override
        public PoolInfo pool() {
            return new PoolInfo("memory", "in memory", 1 << 30, 1 << 29);
        }

        @Override
        public List<String> list() {
            return journalNames();
        }

        @Override
        public Journal create(StorageContext context, String name, UUID identity, JournalSettings settings)
                throws StorageException {
            synchronized (MemoryPools.this) {
                check("create journal");
                if (journals.containsKey(name)) {
                    throw new StorageException(Reason.EXISTS, "journal " + name + " exists", "");
                }
                claim("journal " + name);
                MemoryJournal made = new MemoryJournal(identity);
                made.settings = settings;
                made.whenClosed = () -> unclaim("journal " + name);
                journals.put(name, made);
                return made;
            }
        }

        @Override
        public Journal open(StorageContext context, String name, JournalSettings settings) throws StorageException {
            synchronized (MemoryPools.this) {
                check("open journal");
                if (!journals.containsKey(name)) {
                    throw notFound("journal " + name);
                }
                claim("journal " + name);
                MemoryJournal next = journals.get(name).reopened(0);
                next.settings = settings;
                next.whenClosed = () -> unclaim("journal " + name);
                journals.put(name, next);
                return next;
            }
        }

        @Override
        public void delete(StorageContext context, String name) throws StorageException {
            synchronized (MemoryPools.this) {
                check("delete journal");
                if (claims.contains("journal " + name)) {
                    throw new StorageException(Reason.BUSY, "journal " + name + " is in use", "");
                }
                if (journals.remove(name) == null) {
                    throw notFound("journal " + name);
                }
            }
        }

        /** As a provider does when it is deactivated. */
        public void takeAway() {
            for (String name : journalNames()) {
                MemoryJournal journal;
                synchronized (MemoryPools.this) {
                    journal = journals.get(name);
                }
                journal.close();
            }
        }
    }

    /** An image store. */
    public final class Images implements ImageStore {
        @Override
        public PoolInfo pool() {
            return new PoolInfo("memory", "in memory", 1 << 30, 1 << 29);
        }

        @Override
        public List<String> list() {
            return imageNames();
        }

        @Override
        public BlockImage create(StorageContext context, String name, ImageHead head) throws StorageException {
            synchronized (MemoryPools.this) {
                check("create image");
                if (images.containsKey(name)) {
                    throw new StorageException(Reason.EXISTS, "image " + name + " exists", "");
                }
                claim("image " + name);
                MemoryImage made = new MemoryImage((int) head.sizeBytes(), head.journalIdentity());
                made.storeHead(head);
                made.whenClosed = () -> unclaim("image " + name);
                images.put(name, made);
                return made;
            }
        }

        @Override
        public BlockImage open(StorageContext context, String name) throws StorageException {
            synchronized (MemoryPools.this) {
                check("open image");
                if (!images.containsKey(name)) {
                    throw notFound("image " + name);
                }
                claim("image " + name);
                MemoryImage next = images.get(name).reopened();
                next.whenClosed = () -> unclaim("image " + name);
                images.put(name, next);
                return next;
            }
        }

        @Override
        public ImageHead head(StorageContext context, String name) throws StorageException {
            synchronized (MemoryPools.this) {
                if (!images.containsKey(name)) {
                    throw notFound("image " + name);
                }
                return images.get(name).head();
            }
        }

        @Override
        public void delete(StorageContext context, String name) throws StorageException {
            synchronized (MemoryPools.this) {
                check("delete image");
                if (claims.contains("image " + name)) {
                    throw new StorageException(Reason.BUSY, "image " + name + " is in use", "");
                }
                if (images.remove(name) == null) {
                    throw notFound("image " + name);
                }
            }
        }
    }
}
