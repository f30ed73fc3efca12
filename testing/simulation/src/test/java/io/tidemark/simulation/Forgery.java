package io.tidemark.simulation;

import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SimulatedDisk;
import java.nio.file.Path;
import java.util.List;

/**
 * Damages payload in a journal on the disk.
 *
 * <p>A single flipped bit is what checksums are for. A forged damage is one that no CRC32C notices: the generator polynomial
 * itself is laid over the bytes, which changes them and leaves every checksum over them as it was. A journal that accepts it
 * behaves to the bit like one that ignores its checksums.
 */
final class Forgery {
    /** x^32 + 0x1EDC6F41, lowest bit first, as CRC32C takes the bits of a byte. */
    private static final byte[] POLYNOMIAL = {(byte) 0xF1, 0x76, (byte) 0xEC, 0x05, 0x01};

    private static final int LEAST_PAYLOAD_BYTES = 64;

    private Forgery() {}

    /** Where on the disk. */
    record Place(Path file, long offset) {}

    /** Finds the payload of a durable write that the journal still holds: one of the youngest; null when there is none. */
    static Place find(SimulatedDisk disk, Tape tape, SeededRandom random) {
        List<Path> segments = disk.files().stream()
                .filter(path -> path.startsWith("/journals"))
                .toList();
        long oldest = Math.max(1, tape.durable() - 40);
        for (int attempt = 0; attempt < 10 && tape.durable() >= oldest; attempt++) {
            Tape.Event event = tape.event(random.between(oldest, tape.durable()));
            if (event != null && event.payload().length >= LEAST_PAYLOAD_BYTES) {
                for (Path segment : segments) {
                    int at = indexOf(disk.bytes(segment), event.payload());
                    if (at >= 0) {
                        return new Place(segment, at + random.below(event.payload().length - POLYNOMIAL.length));
                    }
                }
            }
        }
        return null;
    }

    static void forge(SimulatedDisk disk, Place place) {
        for (int i = 0; i < POLYNOMIAL.length; i++) {
            for (int bit = 0; bit < 8; bit++) {
                if ((POLYNOMIAL[i] & (1 << bit)) != 0) {
                    disk.flipBit(place.file(), place.offset() + i, bit);
                }
            }
        }
    }

    private static int indexOf(byte[] bytes, byte[] wanted) {
        int last = bytes.length - wanted.length;
        for (int at = 0; at <= last; at++) {
            if (bytes[at] == wanted[0] && matches(bytes, at, wanted)) {
                return at;
            }
        }
        return -1;
    }

    private static boolean matches(byte[] bytes, int at, byte[] wanted) {
        for (int i = 0; i < wanted.length; i++) {
            if (bytes[at + i] != wanted[i]) {
                return false;
            }
        }
        return true;
    }
}
