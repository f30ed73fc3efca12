package io.tidemark.mirror.internal.manage;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.mirror.Branch;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.base.event.export.ExportWriter;
import io.tidemark.base.machine.DurableDirectories;
import io.tidemark.base.text.Sizes;
import io.tidemark.mirror.internal.fork.BranchWalk;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Branches of images that were given up by an order: their events, in files as {@code journal:export} writes them. All that is to
 * be known of one stands in its file's name. Together they take bounded space.
 */
final class KeptBranches {
    private static final Logger LOG = LoggerFactory.getLogger(KeptBranches.class);
    private static final String END = ".journal";
    private static final String UNFINISHED = ".part";
    /** As which the journal knows it: so begins the client of an order that keeps one. */
    private static final String PIN = "branch.";

    /** Image, epoch and sequence of the fork, last event, and when it was kept. */
    private static final Pattern NAME =
            Pattern.compile("(.+)\\.(\\d{1,18})-(\\d{1,18})-(\\d{1,18})\\.(\\d{8}T\\d{6}Z)");

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
    private static final long SECOND = Desk.SECOND;
    private static final int BUFFER_BYTES = 1 << 18;

    private final StorageContext context;
    private final Path directory;
    private final long limitBytes;
    /** How those of this process begin: one of another is nobody's any more. */
    private final String own;

    private final AtomicLong pins = new AtomicLong();
    /** Those that stay though their orders are over, and of which image: its journal could not be asked then. */
    private final Map<String, String> left = new ConcurrentHashMap<>();

    /** Names of those that are being written: what else is unfinished is nobody's. */
    private final Set<String> written = ConcurrentHashMap.newKeySet();

    KeptBranches(StorageContext context, Mirrors.Branches branches) {
        this.context = context;
        this.directory = branches.directory();
        this.limitBytes = branches.limitBytes();
        this.own = PIN + Long.toHexString(context.randomBits()) + ".";
    }

    // ---- what there is

    List<KeptBranch> all() throws StorageException {
        List<KeptBranch> all = new ArrayList<>();
        for (String file : context.files().list(directory)) {
            Matcher name = NAME.matcher(file.endsWith(END) ? file.substring(0, file.length() - END.length()) : "");
            if (name.matches()) {
                KeptBranch branch = read(name, directory.resolve(file));
                if (branch != null) {
                    all.add(branch);
                }
            }
        }
        return all;
    }

    /** Null when it is gone, or somebody else's. */
    private KeptBranch read(Matcher name, Path path) throws StorageException {
        try (StorageFile file = context.files().open(path, Files.Mode.READ)) {
            return new KeptBranch(
                    name.group(),
                    name.group(1),
                    new Position(Long.parseLong(name.group(2)), Long.parseLong(name.group(3))),
                    Long.parseLong(name.group(4)),
                    file.size(),
                    TIME.parse(name.group(5), Instant::from).getEpochSecond() * SECOND,
                    path.toString());
        } catch (DateTimeParseException e) {
            return null;
        } catch (StorageException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return null;
            }
            throw e;
        }
    }

    KeptBranch named(String name) throws StorageException {
        return all().stream()
                .filter(branch -> branch.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new StorageException(
                        Reason.NOT_FOUND,
                        "no branch " + name + " is kept here",
                        "mirror:branch-list shows those that are"));
    }

    void discard(String name) throws StorageException {
        KeptBranch branch = named(name);
        context.files().delete(Path.of(branch.file()));
        context.files().forceDirectory(directory);
        LOG.info("the branch {} was discarded", name);
    }

    /** Removes what orders that were cut by the end of their process have left: it counts for nothing, and nobody sees it. */
    void sweep() throws StorageException {
        for (String file : context.files().list(directory)) {
            String name = file.endsWith(UNFINISHED) ? file.substring(0, file.length() - UNFINISHED.length()) : "";
            if (NAME.matcher(name).matches() && !written.contains(name)) {
                context.files().delete(directory.resolve(file));
                LOG.info("{} was removed: the order that kept it did not come to its end", directory.resolve(file));
            }
        }
    }

    // ---- keeping one

    /**
     * From now on the journal trims nothing behind a fork, also when it is opened again meanwhile.
     *
     * @return as which the journal knows it
     */
    String pin(Journal journal, Position fork) throws StorageException {
        String pin = own + pins.incrementAndGet();
        journal.putClient(new JournalClient(
                pin,
                "a branch that is to be kept",
                fork,
                JournalClient.State.CONNECTED,
                context.clock().wallNanos()));
        return pin;
    }

    /**
     * Whatever comes of it: a pin that stays would fill the journal. That is another one when the image was suspended meanwhile, or
     * its role has changed; where it cannot be asked, it is looked at later.
     */
    void unpin(Desk desk, String image, String pin) {
        try {
            desk.services().images().journal(image).removeClient(pin);
        } catch (StorageException e) {
            if (e.reason() != Reason.NOT_FOUND) {
                left.put(pin, image);
                LOG.info("the journal of '{}' keeps its events until it can be asked: {}", image, e.getMessage());
            }
        }
    }

    boolean hasLeft(String image) {
        return left.containsValue(image);
    }

    /** What orders that are over have left, of processes before this one too. */
    void unpinLeft(String image, Journal journal) throws StorageException {
        List<String> pinned = left.keySet().stream()
                .filter(pin -> image.equals(left.get(pin)))
                .toList();
        for (JournalClient client : journal.clients()) {
            String id = client.id();
            if (id.startsWith(PIN) && (!id.startsWith(own) || pinned.contains(id))) {
                journal.removeClient(id);
                LOG.info("the journal of '{}' is no longer kept for an order that is over: {}", image, client);
            }
        }
        left.keySet().removeAll(pinned);
    }

    /** Whether a branch can be kept; to be asked before anything is changed. */
    void check(String image, Journal journal, Position fork) throws StorageException {
        Branch branch = BranchWalk.look(journal, fork.sequence(), () -> {});
        if (branch.missing() > 0) {
            throw cannot(
                    Reason.NOT_FOUND,
                    image,
                    "its journal no longer has the first " + branch.missing() + " events behind " + fork);
        }
        DurableDirectories.make(context.files(), directory);
        long room = roomBytes();
        if (branch.exportBytes() > room) {
            throw cannot(Reason.NO_SPACE, image, "it takes " + Sizes.format(branch.exportBytes()) + ofRoom(room));
        }
        long usable = context.files().usableBytes(directory);
        if (branch.exportBytes() > usable) {
            throw cannot(
                    Reason.NO_SPACE,
                    image,
                    "it takes " + Sizes.format(branch.exportBytes()) + ", and " + directory + " has "
                            + Sizes.format(usable) + " left");
        }
    }

    private long roomBytes() throws StorageException {
        long kept = all().stream().mapToLong(KeptBranch::fileBytes).sum();
        return Math.max(0, limitBytes - kept);
    }

    private String ofRoom(long roomBytes) {
        return ", and of " + Sizes.format(limitBytes) + " for kept branches " + Sizes.format(roomBytes)
                + " are left (mirror:branch-discard makes room, keptBranches in etc/io.tidemark.mirror.cfg gives more)";
    }

    static StorageException cannot(Reason reason, String image, String why) {
        return new StorageException(
                reason,
                "the branch of " + image + " that is to be given up cannot be kept: " + why,
                "nothing was changed; export what is worth keeping (journal:export), and say --no-keep to lose the rest");
    }

    /** Keeps all that is durable behind a fork, which may be more than when it was checked. Durable when it returns. */
    KeptBranch keep(String image, Journal journal, Position fork) throws StorageException {
        long last = journal.durable();
        long now = context.clock().wallNanos();
        String name = image + "." + fork.epoch() + "-" + fork.sequence() + "-" + last + "."
                + TIME.format(Instant.ofEpochSecond(now / SECOND));
        Path path = directory.resolve(name + END);
        Path part = directory.resolve(name + UNFINISHED);
        DurableDirectories.make(context.files(), directory);
        long bytes;
        boolean done = false;
        written.add(name);
        try {
            bytes = write(journal, fork.sequence(), last, part, now);
            context.files().rename(part, path);
            context.files().forceDirectory(directory);
            done = true;
        } finally {
            if (!done) {
                context.files().delete(part);
            }
            written.remove(name);
        }
        LOG.info("{} events of '{}' behind {} are kept as the branch {}", last - fork.sequence(), image, fork, name);
        return new KeptBranch(name, image, fork, last, bytes, now, path.toString());
    }

    private long write(Journal journal, long fork, long last, Path part, long now) throws StorageException {
        context.files().delete(part);
        long room = roomBytes();
        try (StorageFile file = context.files().open(part, Files.Mode.CREATE);
                JournalReader reader = journal.reader(fork + 1);
                OutputStream stream = new BufferedOutputStream(new Out(file), BUFFER_BYTES);
                ExportWriter writer = new ExportWriter(stream, journal.identity(), journal.name(), fork + 1, now)) {
            for (long at = fork; at < last; at++) {
                writer.event(BranchWalk.next(journal, reader), reader.body());
                if (writer.bytes() > room) {
                    throw new StorageException(
                            Reason.NO_SPACE, "what follows event " + fork + " takes too much" + ofRoom(room), "");
                }
            }
            writer.finish();
            stream.flush();
            file.force();
            return writer.bytes();
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            throw new StorageException(
                    Reason.IO,
                    "cannot write " + part + ": " + e.getMessage(),
                    "see that there can be written, and try again",
                    e);
        }
    }

    /** A file, written from its beginning on. */
    private static final class Out extends OutputStream {
        private final StorageFile file;
        private long at;

        Out(StorageFile file) {
            this.file = file;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            file.write(ByteBuffer.wrap(bytes, offset, length), at);
            at += length;
        }
    }
}
