package io.tidemark.journal.flash.internal;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.journal.flash.internal.Layout.ClientApplied;
import io.tidemark.journal.flash.internal.Layout.ClientEntry;
import io.tidemark.journal.flash.internal.Layout.Clients;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/** The file {@code clients}, and those of followers in other processes, which have the same form. */
final class ClientTable {
    private ClientTable() {}

    static void save(Files files, Path path, UUID journal, List<JournalClient> clients) throws StorageException {
        int bytes = Clients.SIZE;
        for (JournalClient client : clients) {
            bytes += ClientEntry.SIZE + ClientApplied.SIZE;
            bytes += utf8(client.id()).length + utf8(client.description()).length;
        }
        ByteBuffer out = SmallFile.buffer(bytes);
        out.putLong(Clients.MAGIC, Clients.MAGIC_VALUE);
        out.putInt(Clients.VERSION, Layout.VERSION);
        out.putInt(Clients.COUNT, clients.size());
        Checksums.putUuid(out, Clients.JOURNAL, journal);
        out.position(Clients.SIZE);
        clients.forEach(client -> put(out, client));
        for (JournalClient client : clients) {
            int at = out.position();
            out.putLong(at + ClientApplied.APPLIED, client.applied() + 1).position(at + ClientApplied.SIZE);
        }
        SlotFile.save(files, path, out);
    }

    /** The clients, sorted, with another one of this name in place of what there was; without any when it is null. */
    static List<JournalClient> with(List<JournalClient> clients, String id, JournalClient client) {
        List<JournalClient> now = new ArrayList<>(clients);
        now.removeIf(each -> each.id().equals(id));
        if (client != null) {
            now.add(client);
            now.sort(Comparator.comparing(JournalClient::id));
        }
        return List.copyOf(now);
    }

    private static void put(ByteBuffer out, JournalClient client) {
        int at = out.position();
        byte[] id = utf8(client.id());
        byte[] description = utf8(client.description());
        out.putLong(at + ClientEntry.EPOCH, client.commit().epoch());
        out.putLong(at + ClientEntry.SEQUENCE, client.commit().sequence());
        out.putLong(at + ClientEntry.SEEN_NANOS, client.seenNanos());
        out.putInt(at + ClientEntry.STATE, client.state() == JournalClient.State.CONNECTED ? 0 : 1);
        out.putInt(at + ClientEntry.ID_BYTES, id.length);
        out.putInt(at + ClientEntry.DESCRIPTION_BYTES, description.length);
        out.position(at + ClientEntry.SIZE).put(id).put(description);
    }

    /** Empty when the file is not there: no client was ever registered. */
    static List<JournalClient> load(Files files, Path path, UUID journal) throws StorageException {
        if (!files.exists(path)) {
            return List.of();
        }
        ByteBuffer in = SlotFile.read(files, path, Clients.MAGIC_VALUE);
        if (!Checksums.getUuid(in, Clients.JOURNAL).equals(journal)) {
            throw SmallFile.corrupt(path, "it belongs to another journal");
        }
        try {
            List<JournalClient> clients = new ArrayList<>();
            int count = in.getInt(Clients.COUNT);
            in.position(Clients.SIZE);
            for (int i = 0; i < count; i++) {
                clients.add(get(in));
            }
            clients.replaceAll(client -> applied(in, client));
            return List.copyOf(clients);
        } catch (RuntimeException e) {
            throw SmallFile.corrupt(path, "its fields make no sense (" + e.getMessage() + ")");
        }
    }

    private static JournalClient get(ByteBuffer in) {
        int at = in.position();
        byte[] id = new byte[in.getInt(at + ClientEntry.ID_BYTES)];
        byte[] description = new byte[in.getInt(at + ClientEntry.DESCRIPTION_BYTES)];
        in.position(at + ClientEntry.SIZE).get(id).get(description);
        return new JournalClient(
                new String(id, StandardCharsets.UTF_8),
                new String(description, StandardCharsets.UTF_8),
                new Position(in.getLong(at + ClientEntry.EPOCH), in.getLong(at + ClientEntry.SEQUENCE)),
                in.getInt(at + ClientEntry.STATE) == 0 ? JournalClient.State.CONNECTED : JournalClient.State.EXPIRED,
                in.getLong(at + ClientEntry.SEEN_NANOS));
    }

    /** A file that is older than this field ends before. */
    private static JournalClient applied(ByteBuffer in, JournalClient client) {
        if (in.remaining() < ClientApplied.SIZE) {
            return client;
        }
        int at = in.position();
        in.position(at + ClientApplied.SIZE);
        return new JournalClient(
                client.id(),
                client.description(),
                client.commit(),
                client.state(),
                client.seenNanos(),
                in.getLong(at + ClientApplied.APPLIED) - 1);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
