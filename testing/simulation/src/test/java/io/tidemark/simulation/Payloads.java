package io.tidemark.simulation;

import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SimulatedDisk;
import java.nio.file.Path;
import java.util.List;

/** Finds the payload of events in the journal on the disk. */
final class Payloads {
    private static final int LEAST_PAYLOAD_BYTES = 64;

    private Payloads() {}

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
                        return new Place(segment, at + random.below(event.payload().length));
                    }
                }
            }
        }
        return null;
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
