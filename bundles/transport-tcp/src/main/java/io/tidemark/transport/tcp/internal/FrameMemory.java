package io.tidemark.transport.tcp.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory for long frames, used again and again: an array made anew is filled with zeros first and collected later. Short frames
 * are worth no care. It only remembers what was given back, so an array that is not is simply collected. Safe for all threads.
 */
final class FrameMemory {
    /** From this length on. */
    static final int LEAST_BYTES = 64 << 10;

    /** What is kept while nobody uses it; about what a busy link has on its way. */
    static final long MOST_KEPT_BYTES = 8L << 20;

    /** What users put around a payload, whose lengths are powers of two. */
    private static final int SLACK_BYTES = 4096;

    private static final int STEPS = Integer.numberOfTrailingZeros((1 << 20) / LEAST_BYTES) + 2;

    /** Of 64 KiB and some, 128 KiB and some, and so on to 1 MiB, and of the longest frame. Guarded by this. */
    private final List<ArrayDeque<byte[]>> kept;

    private long keptBytes;

    FrameMemory() {
        List<ArrayDeque<byte[]>> sizes = new ArrayList<>();
        for (int i = 0; i < STEPS; i++) {
            sizes.add(new ArrayDeque<>());
        }
        kept = List.copyOf(sizes);
    }

    /** With whatever was in it before. */
    Content take(int length) {
        if (length < LEAST_BYTES || length > Wire.MAX_FRAME_BYTES) {
            return Content.of(new byte[length]);
        }
        int step = step(length);
        byte[] found;
        synchronized (this) {
            found = kept.get(step).poll();
            keptBytes -= found == null ? 0 : found.length;
        }
        return new Content(found == null ? new byte[bytes(step)] : found, length);
    }

    /** Nobody uses it any more. */
    void give(Content content) {
        int length = content.bytes().length;
        if (length < LEAST_BYTES || length > Wire.MAX_FRAME_BYTES || bytes(step(length)) != length) {
            return;
        }
        synchronized (this) {
            if (keptBytes + length <= MOST_KEPT_BYTES) {
                keptBytes += length;
                kept.get(step(length)).push(content.bytes());
            }
        }
    }

    synchronized long keptBytes() {
        return keptBytes;
    }

    private static int step(int length) {
        int steps = (Math.max(length - SLACK_BYTES, LEAST_BYTES) - 1) / LEAST_BYTES;
        return Math.min(Integer.SIZE - Integer.numberOfLeadingZeros(steps), STEPS - 1);
    }

    private static int bytes(int step) {
        return step == STEPS - 1 ? Wire.MAX_FRAME_BYTES : (LEAST_BYTES << step) + SLACK_BYTES;
    }
}
