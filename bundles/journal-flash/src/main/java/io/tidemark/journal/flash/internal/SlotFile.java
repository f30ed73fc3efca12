package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import io.tidemark.journal.flash.internal.Layout.Slot;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A small file in two slots of equal size that are written in place, one after the other: whatever happens, one of them is
 * whole. Needs no free block once it is there, so that a journal on a full file system can still be opened and trimmed.
 */
final class SlotFile {
    private static final int FIRST_SLOT_BYTES = 16 << 10;
    private static final int MAX_SLOT_BYTES = 32 << 20;

    private SlotFile() {}

    /** Makes a content, from 0 to the buffer's position, the current one; durable when it returns. */
    static void save(Files files, Path path, ByteBuffer content) throws StorageException {
        int needed = Slot.SIZE + content.position();
        if (!files.exists(path)) {
            make(files, path, content, 1, slotBytes(needed));
            return;
        }
        boolean fits;
        try (StorageFile file = files.open(path, Files.Mode.WRITE)) {
            // After a force that failed the cache has what the device may not have, and the wrong slot would go first.
            file.dropCache(0, 0);
            int slotBytes = (int) (file.size() / 2);
            long first = generation(file, 0, slotBytes);
            long second = generation(file, slotBytes, slotBytes);
            long generation = Math.max(first, second) + 1;
            // The current one goes last: a crash may have left the other one older, or torn.
            int order = first > second ? 1 : 0;
            // Where neither is whole there is nothing to keep, and the file may have any size.
            fits = needed <= slotBytes && generation > 1;
            if (fits) {
                ByteBuffer slot = slot(content, generation, (int) Layout.align(needed));
                for (int i = 0; i < 2; i++) {
                    slot.clear();
                    file.write(slot, (long) (i ^ order) * slotBytes);
                    file.force();
                }
            } else {
                make(files, path, content, generation, slotBytes(needed));
            }
        }
    }

    private static int slotBytes(int needed) {
        int bytes = FIRST_SLOT_BYTES;
        while (bytes < needed) {
            bytes *= 2;
        }
        return bytes;
    }

    private static void make(Files files, Path path, ByteBuffer content, long generation, int slotBytes)
            throws StorageException {
        Path temporary = path.resolveSibling(path.getFileName() + ".new");
        files.delete(temporary);
        try (StorageFile file = files.open(temporary, Files.Mode.CREATE)) {
            ByteBuffer slot = slot(content, generation, slotBytes);
            for (int i = 0; i < 2; i++) {
                slot.clear();
                file.write(slot, (long) i * slotBytes);
            }
            file.force();
        }
        files.rename(temporary, path);
        files.forceDirectory(path.getParent());
    }

    private static ByteBuffer slot(ByteBuffer content, long generation, int bytes) {
        int length = content.position();
        ByteBuffer slot = SmallFile.buffer(bytes);
        slot.putInt(Slot.LENGTH, length);
        slot.putLong(Slot.GENERATION, generation);
        slot.put(Slot.SIZE, content, 0, length);
        slot.putInt(Slot.CHECKSUM, new Checksums().plain(slot, Slot.GENERATION, Slot.SIZE + length));
        return slot;
    }

    private static long generation(StorageFile file, long offset, int slotBytes) throws StorageException {
        ByteBuffer slot = readSlot(file, offset, slotBytes);
        return slot == null ? 0 : slot.getLong(Slot.GENERATION);
    }

    /** A slot that is whole, or null. */
    private static ByteBuffer readSlot(StorageFile file, long offset, int slotBytes) throws StorageException {
        if (slotBytes < Slot.SIZE || slotBytes > MAX_SLOT_BYTES) {
            return null;
        }
        ByteBuffer slot = SmallFile.buffer(slotBytes);
        int count = file.read(slot, offset);
        slot.clear();
        int length = slot.getInt(Slot.LENGTH);
        if (count < slotBytes || length < 0 || length > slotBytes - Slot.SIZE) {
            return null;
        }
        int checksum = slot.getInt(Slot.CHECKSUM);
        return new Checksums().plain(slot, Slot.GENERATION, Slot.SIZE + length) == checksum ? slot : null;
    }

    /**
     * Makes what is read next survive a power loss. A process that was killed may have written it, or put the file in
     * place, and not forced it; what was decided by it must never be found older again.
     */
    static void settle(Files files, Path path) throws StorageException {
        if (!files.exists(path)) {
            return;
        }
        try (StorageFile file = files.open(path, Files.Mode.WRITE)) {
            file.dropCache(0, 0);
            file.force();
        }
        files.forceDirectory(path.getParent());
    }

    /** Reads the current content; its magic and version are checked. */
    static ByteBuffer read(Files files, Path path, long magic) throws StorageException {
        ByteBuffer best = null;
        try (StorageFile file = files.open(path, Files.Mode.READ)) {
            int slotBytes = (int) Math.min(Integer.MAX_VALUE, file.size() / 2);
            for (int i = 0; i < 2; i++) {
                ByteBuffer slot = readSlot(file, (long) i * slotBytes, slotBytes);
                if (slot != null && (best == null || slot.getLong(Slot.GENERATION) > best.getLong(Slot.GENERATION))) {
                    best = slot;
                }
            }
        }
        if (best == null) {
            throw SmallFile.corrupt(path, "neither of its two slots is whole");
        }
        int length = best.getInt(Slot.LENGTH);
        ByteBuffer content = SmallFile.buffer(Math.max(length, 2 * Long.BYTES));
        content.put(0, best, Slot.SIZE, length);
        SmallFile.checkKind(path, content, magic);
        return content;
    }
}
