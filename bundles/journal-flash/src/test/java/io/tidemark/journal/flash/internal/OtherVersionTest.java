package io.tidemark.journal.flash.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.journal.flash.tool.ClosedJournal;
import io.tidemark.tck.journal.Events;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two nodes that share a pool are not updated in one moment, and an update may be taken back: what another version wrote is read,
 * or refused as that, and never taken for damage, which people would repair, or give up.
 */
class OtherVersionTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int EVENTS = 60;
    private static final String CLIENT = "mirror:0123:disk";
    private static final String FOLLOWER = "followers/" + CLIENT + JournalPlaces.FOLLOWER_SUFFIX;
    private static final Map<String, Long> MAGICS = Map.of(
            JournalPlaces.STATE,
            Layout.State.MAGIC_VALUE,
            JournalPlaces.CLIENTS,
            Layout.Clients.MAGIC_VALUE,
            FOLLOWER,
            Layout.Clients.MAGIC_VALUE);

    private interface Story {
        void play(Scene scene) throws Exception;
    }

    /** A journal with two segments, a client and a follower, closed in order. */
    private static void on(Story story) {
        Scene scene = new Scene(5, 1);
        scene.machine.run(() -> {
            scene.boot();
            Journal journal = scene.create();
            Events.begin(journal, 1);
            Events.write(journal, EVENTS, 30_000);
            journal.putClient(new JournalClient("local", "", new Position(1, 7), JournalClient.State.CONNECTED, 1));
            Journal followed = scene.store.follow(scene.process, Scene.NAME);
            followed.putClient(client(50));
            followed.close();
            journal.refreshClients();
            journal.close();
            story.play(scene);
        });
    }

    private static JournalClient client(long sequence) {
        return new JournalClient(CLIENT, "", new Position(1, sequence), JournalClient.State.CONNECTED, sequence);
    }

    /** As another version would have written it, as far as this one knows: with its number, and whole. What was there before. */
    private static ByteBuffer become(Scene scene, String name, int version) throws StorageException {
        Path path = scene.file(name);
        Files files = scene.process.files();
        ByteBuffer before = ByteBuffer.wrap(scene.machine.disk().bytes(path));
        if (MAGICS.containsKey(name)) {
            ByteBuffer content = SlotFile.read(files, path, MAGICS.get(name));
            content.putInt(Layout.Clients.VERSION, version).position(content.limit());
            files.delete(path);
            SlotFile.save(files, path, content);
        } else if (name.equals(JournalPlaces.MEMBER)) {
            ByteBuffer content = SmallFile.read(files, path, Layout.Member.MAGIC_VALUE);
            content.putInt(Layout.Member.VERSION, version).position(Layout.Member.SIZE);
            SmallFile.replace(files, path, content);
        } else {
            ByteBuffer block = ByteBuffer.allocate(Layout.BLOCK).order(ByteOrder.LITTLE_ENDIAN);
            try (StorageFile file = files.open(path, Files.Mode.WRITE)) {
                file.read(block, 0);
                block.putInt(Layout.Segment.VERSION, version);
                block.putInt(Layout.Segment.CHECKSUM, new Checksums().plain(block, 0, Layout.Segment.CHECKSUM));
                file.write(block.clear(), 0);
            }
        }
        return before;
    }

    private static Map<Path, byte[]> all(Scene scene) {
        Map<Path, byte[]> all = new TreeMap<>();
        scene.machine
                .disk()
                .files()
                .forEach(path -> all.put(path, scene.machine.disk().bytes(path)));
        return all;
    }

    private static void refused(Scene scene, String name, int version, Executable what) {
        Map<Path, byte[]> before = all(scene);
        StorageException refusal = assertThrows(StorageException.class, what);
        assertEquals(
                scene.file(name) + ": its format has version " + version
                        + ", this is version 1; use the version of Tidemark that wrote it, or a newer one",
                refusal.getMessage());
        assertSame(Reason.UNSUPPORTED, refusal.reason());
        Map<Path, byte[]> after = all(scene);
        assertEquals(before.keySet(), after.keySet());
        before.forEach((path, bytes) -> assertArrayEquals(bytes, after.get(path), path.toString()));
    }

    @ParameterizedTest
    @CsvSource({
        "state, 0",
        "state, 2",
        "clients, 2",
        "member, 0",
        "member, 2",
        "segment-000000000001, 2",
        "segment-000000000002, 0",
        "segment-000000000002, 2"
    })
    void itIsRefusedAsThatAndLeftAsItIs(String name, int version) {
        on(scene -> {
            ByteBuffer before = become(scene, name, version);
            refused(scene, name, version, scene::open);
            ClosedJournal closed = new ClosedJournal(List.of(scene.file("").toAbsolutePath()), scene.process.files());
            if (!name.equals(JournalPlaces.CLIENTS)) {
                // What clients say is no part of what is looked at.
                refused(scene, name, version, closed::verify);
                refused(scene, name, version, closed::repair);
            }
            if (!name.equals(JournalPlaces.MEMBER)) {
                refused(scene, name, version, () -> scene.store.follow(scene.process, Scene.NAME));
            }
            // Its own version opens it as if nothing had been.
            put(scene.process.files(), scene.file(name), before);
            Journal journal = scene.open();
            assertEquals(EVENTS, Events.readAll(journal, 1));
            journal.close();
        });
    }

    /** The node that writes it is updated while the other one reads. */
    @Test
    void whoFollowsAJournalHearsThatItHasBecomeNewer() {
        on(scene -> {
            Journal followed = scene.store.follow(scene.process, Scene.NAME);
            Gate woken = scene.process.workers().newGate();
            JournalReader reader = followed.reader(EVENTS + 1);
            reader.whenReadable(woken::open);
            become(scene, JournalPlaces.STATE, 2);
            assertTrue(woken.await(10 * SECOND));
            StorageException why = assertThrows(StorageException.class, reader::next);
            assertTrue(why.getMessage().contains("its format has version 2, this is version 1"), why.getMessage());
            reader.close();
            followed.close();
        });
    }

    /** The follower's node is the newer one: its file takes nothing back, and what it may need stays. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFollowersFileThatIsNewerTakesNothingBack(boolean known) {
        on(scene -> {
            Journal journal = scene.open();
            if (!known) {
                // Before it was told of.
                journal.removeClient(CLIENT);
                Journal followed = scene.store.follow(scene.process, Scene.NAME);
                followed.putClient(client(50));
                followed.close();
            }
            ByteBuffer before = become(scene, FOLLOWER, 2);
            journal.removeClient("local");
            long trimmed = journal.trim(EVENTS);
            assertTrue(known ? trimmed > 0 && trimmed <= 50 : trimmed == 0, () -> "trimmed " + trimmed);
            assertEquals(
                    List.of(CLIENT),
                    journal.clients().stream().map(JournalClient::id).toList());
            put(scene.process.files(), scene.file(FOLLOWER), before);
            assertEquals(List.of(client(50)), journal.refreshClients());
            journal.close();
        });
    }

    // ---- what version 1 wrote

    /**
     * A journal as code of version 1 left it, not closed: three events, a power loss that tore the fourth, an epoch more and three
     * events; a client, and a follower that is behind. Each line of the resource is a file's name and size, or an offset in it with
     * bytes; the rest is zeros. It is never made anew: whoever changes the format adds another one.
     */
    private static void old(Scene scene) throws IOException {
        Files files = scene.process.files();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                OtherVersionTest.class.getResourceAsStream("journal-version-1.txt"), StandardCharsets.US_ASCII))) {
            Path path = null;
            ByteBuffer bytes = null;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split(" ");
                if (words[0].equals("file")) {
                    put(files, path, bytes);
                    path = scene.file(words[1]);
                    bytes = ByteBuffer.allocate(Integer.parseInt(words[2]));
                } else {
                    bytes.put(Integer.parseInt(words[0]), HexFormat.of().parseHex(words[1]));
                }
            }
            put(files, path, bytes);
        }
    }

    private static void put(Files files, Path path, ByteBuffer bytes) throws StorageException {
        if (path != null) {
            files.createDirectories(path.getParent());
            files.delete(path);
            try (StorageFile file = files.open(path, Files.Mode.CREATE)) {
                file.write(bytes, 0);
            }
        }
    }

    private static void checkOld(Journal journal) throws StorageException {
        assertEquals(
                List.of(1L, 2L), journal.epochs().stream().map(Epoch::number).toList());
        assertEquals(4, journal.epochs().get(1).firstSequence());
        assertEquals(
                Map.of("local", new Position(1, 2), CLIENT, new Position(1, 1)),
                journal.clients().stream().collect(Collectors.toMap(JournalClient::id, JournalClient::commit)));
        assertEquals(6, Events.readAll(journal, 1));
    }

    @Test
    void whatVersion1WroteIsReadAndGoesOn() {
        Scene scene = new Scene(6, 1);
        scene.machine.run(() -> {
            scene.boot();
            old(scene);
            // Read where it lies, by who may not write it: not all of it is proven, as nobody closed it.
            Journal followed = scene.store.follow(scene.process, Scene.NAME);
            assertTrue(followed.durable() >= 3, () -> "proven up to " + followed.durable());
            assertEquals(2, followed.epochs().size());
            Journal journal = scene.open();
            checkOld(journal);
            Events.write(journal, 2, 100);
            assertTrue(journal.trim(8) <= 1);
            journal.close();
            assertTrue(scene.machine.awaitUntil(() -> followed.durable() == 8, 5 * SECOND));
            assertEquals(8, Events.readAll(followed, 1));
            followed.putClient(client(8));
            followed.close();
            Journal again = scene.open();
            again.removeClient("local");
            assertEquals(List.of(client(8)), again.clients());
            assertFalse(again.epochs().isEmpty());
            again.close();
        });
    }
}
