package io.tidemark.base.machine;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An io_uring for writing many runs of a file with few system calls. The layouts are those of the kernel's
 * {@code linux/io_uring.h}. For one thread at a time; whoever uses it sees to it that it is not closed meanwhile.
 */
final class Ring {
    /** Runs that are under way at most. */
    static final int ENTRIES = 128;

    private static final int SYS_SETUP = 425;
    private static final int SYS_ENTER = 426;
    private static final int PARAMS_BYTES = 120;
    private static final int PARAMS_FLAGS = 8;
    private static final int PARAMS_FEATURES = 20;
    private static final int PARAMS_SUBMISSION = 40;
    private static final int PARAMS_COMPLETION = 80;

    /** Completions are taken when this thread asks for them, and it is not interrupted for each. */
    private static final int SETUP_COOP_TASKRUN = 1 << 8;

    private static final int FEATURE_SINGLE_MMAP = 1;

    /** Came with the kernel that plain reads and writes came with. */
    private static final int FEATURE_CURRENT_POSITION = 1 << 3;

    private static final int FEATURES = FEATURE_SINGLE_MMAP | FEATURE_CURRENT_POSITION;
    private static final long OFFSET_RINGS = 0;
    private static final long OFFSET_ENTRIES = 0x10000000;
    private static final int ENTRY_BYTES = 64;
    private static final int COMPLETION_BYTES = 16;
    private static final byte OP_WRITE = 23;
    private static final int ENTER_GETEVENTS = 1;

    /** Runs that are submitted again without having come further, in one call. */
    private static final int MOST_RETRIES = 1000;

    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

    private final LibC libc;
    private final int fd;
    private final Pointer ringMemory;
    private final Pointer entryMemory;
    private final ByteBuffer rings;
    private final ByteBuffer entries;
    private final int submissionHead;
    private final int submissionTail;
    private final int submissionMask;
    private final int submissionArray;
    private final int completionHead;
    private final int completionTail;
    private final int completionMask;
    private final int completions;

    private int file;

    /** Kept from being collected while the kernel reads it. */
    @SuppressWarnings("unused")
    private ByteBuffer bytes;

    private long[] runOffsets;
    private int[] runLengths;
    private int runCount;
    private int next;
    private int underWay;
    private long[] addresses = new long[ENTRIES];

    /** Bytes of each run that are written. */
    private int[] done = new int[ENTRIES];

    private int[] again = new int[ENTRIES];
    private int againCount;
    private int retries;
    private int failure;

    private Ring(LibC libc, int fd, ByteBuffer params) throws LastErrorException {
        this.libc = libc;
        this.fd = fd;
        int submission = PARAMS_SUBMISSION;
        int completion = PARAMS_COMPLETION;
        submissionHead = params.getInt(submission);
        submissionTail = params.getInt(submission + 4);
        submissionArray = params.getInt(submission + 24);
        completionHead = params.getInt(completion);
        completionTail = params.getInt(completion + 4);
        completions = params.getInt(completion + 20);
        int submissionEntries = params.getInt(0);
        int completionEntries = params.getInt(4);
        submissionMask = submissionEntries - 1;
        completionMask = completionEntries - 1;
        long ringBytes = Math.max(
                submissionArray + submissionEntries * (long) Integer.BYTES,
                completions + completionEntries * (long) COMPLETION_BYTES);
        long entryBytes = submissionEntries * (long) ENTRY_BYTES;
        ringMemory = map(ringBytes, OFFSET_RINGS);
        rings = memory(ringMemory, ringBytes);
        try {
            entryMemory = map(entryBytes, OFFSET_ENTRIES);
        } catch (LastErrorException e) {
            libc.munmap(ringMemory, rings.capacity());
            throw e;
        }
        entries = memory(entryMemory, entryBytes);
        for (int i = 0; i < submissionEntries; i++) {
            rings.putInt(submissionArray + i * Integer.BYTES, i);
        }
    }

    private Pointer map(long bytes, long offset) throws LastErrorException {
        int protection = LibC.PROT_READ | LibC.PROT_WRITE;
        return libc.mmap(null, bytes, protection, LibC.MAP_SHARED | LibC.MAP_POPULATE, fd, offset);
    }

    private static ByteBuffer memory(Pointer pointer, long bytes) {
        return pointer.getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
    }

    /**
     * A new ring.
     *
     * @throws LastErrorException ENOSYS, EPERM or EINVAL where there is none, another where there is none now
     */
    static Ring open(LibC libc) throws LastErrorException {
        ByteBuffer params = ByteBuffer.allocateDirect(PARAMS_BYTES).order(ByteOrder.nativeOrder());
        int fd;
        try {
            fd = setup(libc, params, SETUP_COOP_TASKRUN);
        } catch (LastErrorException e) {
            if (e.getErrorCode() != LibC.EINVAL) {
                throw e;
            }
            // Older than Linux 5.19.
            fd = setup(libc, params, 0);
        }
        try {
            if ((params.getInt(PARAMS_FEATURES) & FEATURES) != FEATURES) {
                throw new LastErrorException(LibC.ENOSYS);
            }
            return new Ring(libc, fd, params);
        } catch (LastErrorException e) {
            libc.close(fd);
            throw e;
        }
    }

    private static int setup(LibC libc, ByteBuffer params, int flags) throws LastErrorException {
        for (int i = 0; i < PARAMS_BYTES; i += Integer.BYTES) {
            params.putInt(i, 0);
        }
        params.putInt(PARAMS_FLAGS, flags);
        return (int) libc.syscall(SYS_SETUP, ENTRIES, address(params), 0, 0, 0, 0);
    }

    /** Of the buffer's first byte, wherever its position is. */
    private static long address(ByteBuffer buffer) {
        return Pointer.nativeValue(Native.getDirectBufferPointer(buffer));
    }

    /**
     * Begins to write runs, in no order. What is begun has to be awaited before the next. When it throws, none is under way,
     * and the ring is good only for being closed.
     *
     * @param file descriptor
     * @param source direct; the runs one behind the other from its position on; left as it is
     * @param offsets of the runs in the file
     * @param lengths of the runs, in bytes
     * @param count of the runs
     */
    void start(int file, ByteBuffer source, long[] offsets, int[] lengths, int count) {
        begin(file, source, offsets, lengths, count);
        boolean begun = false;
        try {
            submit();
            underWay -= enter(0);
            begun = true;
        } finally {
            if (!begun) {
                drain();
            }
        }
    }

    /**
     * Waits for all runs; after a failure for those that are under way, because the kernel reads the buffer until then. When it
     * throws, none is under way either, and the ring is good only for being closed.
     *
     * @return 0, or the error number of one that failed; then it is not known which others were written
     */
    int await() {
        boolean ended = false;
        try {
            underWay -= reap();
            while (underWay > 0 || isMore()) {
                submit();
                underWay -= enter(underWay);
                underWay -= reap();
            }
            ended = true;
            return failure;
        } finally {
            if (!ended) {
                drain();
            }
            bytes = null;
        }
    }

    private boolean isMore() {
        return failure == 0 && (next < runCount || againCount > 0);
    }

    /** Hands in as many as there is room for. */
    private void submit() {
        while (isMore() && underWay <= submissionMask) {
            int run = againCount > 0 ? again[--againCount] : next++;
            push(addresses[run] + done[run], runOffsets[run] + done[run], runLengths[run] - done[run], run);
            underWay++;
        }
    }

    /**
     * After a defect or lack of memory: takes back what is not submitted and waits for the rest, because the kernel reads the
     * buffer. Counts by what the kernel took and what it gave back, whatever this object had noted of it.
     */
    @SuppressWarnings("ThreadPriorityCheck")
    private void drain() {
        INT.setRelease(rings, submissionTail, (int) INT.getAcquire(rings, submissionHead));
        while (true) {
            int given = (int) INT.getAcquire(rings, completionTail);
            INT.setRelease(rings, completionHead, given);
            int underWay = rings.getInt(submissionTail) - given;
            if (underWay == 0) {
                return;
            }
            try {
                libc.syscall(SYS_ENTER, fd, 0, underWay, ENTER_GETEVENTS, 0, 0);
            } catch (LastErrorException | VirtualMachineError | LinkageError e) {
                // There is nothing else to do than to wait; the first failure is reported.
                Thread.yield();
            }
        }
    }

    private void begin(int toFile, ByteBuffer source, long[] offsets, int[] lengths, int count) {
        if (done.length < count) {
            done = new int[count];
            again = new int[count];
            addresses = new long[count];
        }
        long address = address(source) + source.position();
        for (int i = 0; i < count; i++) {
            done[i] = 0;
            addresses[i] = address;
            address += lengths[i];
        }
        file = toFile;
        bytes = source;
        runOffsets = offsets;
        runLengths = lengths;
        runCount = count;
        next = 0;
        underWay = 0;
        againCount = 0;
        retries = 0;
        failure = 0;
    }

    private void push(long address, long offset, int length, int run) {
        int tail = rings.getInt(submissionTail);
        int at = (tail & submissionMask) * ENTRY_BYTES;
        for (int i = 0; i < ENTRY_BYTES; i += Long.BYTES) {
            entries.putLong(at + i, 0);
        }
        entries.put(at, OP_WRITE)
                .putInt(at + 4, file)
                .putLong(at + 8, offset)
                .putLong(at + 16, address)
                .putInt(at + 24, length)
                .putLong(at + 32, run);
        INT.setRelease(rings, submissionTail, tail + 1);
    }

    /** Submits what was pushed and waits for so many. Returns how much was taken back because it cannot be submitted. */
    private int enter(int awaited) {
        int waiting = waitingForSubmission();
        try {
            libc.syscall(SYS_ENTER, fd, waiting, awaited, awaited > 0 ? ENTER_GETEVENTS : 0, 0, 0);
        } catch (LastErrorException e) {
            int left = waitingForSubmission();
            boolean passes =
                    e.getErrorCode() == LibC.EINTR || e.getErrorCode() == LibC.EAGAIN || e.getErrorCode() == LibC.EBUSY;
            if (left > 0 && (!passes || ++retries > MOST_RETRIES)) {
                // The kernel looks at the tail only when it is entered.
                INT.setRelease(rings, submissionTail, rings.getInt(submissionTail) - left);
                failure = failure == 0 ? e.getErrorCode() : failure;
                return left;
            }
            // What is under way has to end, however often waiting for it fails: the kernel reads the buffer.
            Thread.onSpinWait();
        }
        return 0;
    }

    private int waitingForSubmission() {
        return rings.getInt(submissionTail) - (int) INT.getAcquire(rings, submissionHead);
    }

    private int reap() {
        int head = rings.getInt(completionHead);
        int count = (int) INT.getAcquire(rings, completionTail) - head;
        for (int i = 0; i < count; i++) {
            int at = completions + ((head + i) & completionMask) * COMPLETION_BYTES;
            completed((int) rings.getLong(at), rings.getInt(at + 8));
        }
        INT.setRelease(rings, completionHead, head + count);
        return count;
    }

    private void completed(int run, int result) {
        if (result > 0) {
            done[run] += result;
            if (done[run] < runLengths[run]) {
                again[againCount++] = run;
            }
            return;
        }
        boolean passes = result == -LibC.EINTR || result == -LibC.EAGAIN;
        if (passes && ++retries <= MOST_RETRIES) {
            again[againCount++] = run;
        } else if (failure == 0 && (result < 0 || runLengths[run] > 0)) {
            failure = result == 0 ? LibC.EIO : -result;
        }
    }

    /** Gives its memory and its descriptor back. */
    void close() {
        libc.munmap(entryMemory, entries.capacity());
        libc.munmap(ringMemory, rings.capacity());
        libc.close(fd);
    }
}
