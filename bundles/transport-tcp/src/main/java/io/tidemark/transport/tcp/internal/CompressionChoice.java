package io.tidemark.transport.tcp.internal;

import io.tidemark.transport.tcp.TcpSettings.Compression;

/**
 * Decides whether frames are compressed. Looked at anew after a stretch of frames, which is long enough to mean something:
 * compression begins when the network is what was waited for half of the time, and stays as long as content goes faster than
 * it went without. It gives way when frames hardly become smaller, when the processor (of either side) is what is waited for,
 * and when the link would keep up without; each vain attempt doubles the time until the next, unless the network becomes
 * much slower than what compression was good for. For one thread at a time.
 */
final class CompressionChoice {
    /** A stretch has at least so many frames and takes so long. */
    static final int STRETCH_FRAMES = 32;

    static final long STRETCH_NANOS = 50_000_000;
    /** An attempt that does harm ends sooner. */
    private static final int ATTEMPT_FRAMES = 2;

    private static final long ATTEMPT_NANOS = 5_000_000;
    private static final double HARM = 0.9;
    /** Shorter frames are not worth it. */
    static final int LEAST_BYTES = 512;

    private static final double GAIN = 1.1;
    private static final double MUCH_SLOWER = 3;
    private static final int MOST_PAUSE = 1024;
    /** After so many stretches with compression one without, because the network may have become faster. */
    private static final int RENEWAL = 64;

    private Compression mode;
    private boolean compressing;
    private int pause = 1;
    private int pausing;
    private int lasted;
    private double plainRate;
    /** How fast content went with compression when that was in vain. */
    private double vainRate;

    private long beganNanos;
    private long blockedNanos;
    private int frames;
    private long plainBytes;
    private long wireBytes;

    CompressionChoice(Compression mode, long nowNanos) {
        this.mode = mode;
        this.beganNanos = nowNanos;
    }

    void mode(Compression newMode) {
        mode = newMode;
    }

    /** Whether frames are being compressed, short ones left out. */
    boolean compressing() {
        return mode == Compression.ALWAYS || (mode == Compression.ADAPTIVE && compressing);
    }

    boolean compresses(int bytes) {
        return bytes >= LEAST_BYTES && compressing();
    }

    /** The network, or the bound on bandwidth, was waited for. */
    void blocked(long nanos) {
        blockedNanos += nanos;
    }

    /** A pause in which there was nothing to send says nothing about the network. */
    void idled(long nanos) {
        beganNanos += nanos;
    }

    void sent(int plain, int wire, long nowNanos) {
        frames++;
        plainBytes += plain;
        wireBytes += wire;
        long took = Math.max(1, nowNanos - beganNanos);
        if ((frames >= STRETCH_FRAMES && took >= STRETCH_NANOS) || harms(took)) {
            decide(took);
            frames = 0;
            plainBytes = 0;
            wireBytes = 0;
            blockedNanos = 0;
            beganNanos = nowNanos;
        }
    }

    private boolean harms(long tookNanos) {
        return compressing
                && lasted == 0
                && frames >= ATTEMPT_FRAMES
                && tookNanos >= ATTEMPT_NANOS
                && plainBytes / (double) tookNanos < plainRate * HARM;
    }

    private void decide(long tookNanos) {
        double rate = plainBytes / (double) tookNanos;
        if (compressing) {
            boolean shrinks = wireBytes < plainBytes * 0.9;
            if (!shrinks || rate < plainRate * GAIN) {
                vainRate = rate;
                stop(pause * 2);
            } else if (++lasted >= RENEWAL) {
                stop(1);
            } else {
                pause = 1;
            }
        } else if (pausing > 0 && rate * MUCH_SLOWER > vainRate) {
            pausing--;
        } else if (blockedNanos * 2 >= tookNanos) {
            plainRate = rate;
            lasted = 0;
            compressing = true;
        }
    }

    private void stop(int stretches) {
        compressing = false;
        pause = Math.min(MOST_PAUSE, stretches);
        pausing = pause;
    }
}
