package io.tidemark.bench;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.base.event.Event;
import io.tidemark.base.event.EventCodec;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What encoding, decoding and checksumming one event of a 4 KiB or 1 MiB write costs. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EventBenchmark {
    /** Bytes of payload. */
    @Param({"4096", "1048576"})
    public int payloadBytes;

    private final CRC32C checksum = new CRC32C();
    private ByteBuffer body;
    private EventHeader header;

    /** Makes one encoded body. */
    @Setup
    public void prepare() {
        body = ByteBuffer.allocateDirect(EventCodec.WRITE_HEAD_BYTES + payloadBytes + EventCodec.TAIL_BYTES);
        EventCodec.putHead(body, EventKind.WRITE, 0, payloadBytes, payloadBytes, "");
        body.position(body.position() + payloadBytes);
        EventCodec.putTail(body, 1);
        body.flip();
        header = new EventHeader(new Position(1, 1), EventKind.WRITE, 0, 1, 0, payloadBytes, body.remaining());
    }

    /**
     * Head and tail, without the payload, which is never copied.
     *
     * @return the buffer
     */
    @Benchmark
    public ByteBuffer encode() {
        body.clear();
        EventCodec.putHead(body, EventKind.WRITE, 4096, payloadBytes, payloadBytes, "");
        body.position(body.position() + payloadBytes);
        EventCodec.putTail(body, 1);
        return body.flip();
    }

    /**
     * Decoding.
     *
     * @return the event
     * @throws StorageException never
     */
    @Benchmark
    public Event decode() throws StorageException {
        return EventCodec.decode(header, body);
    }

    /**
     * CRC32C over the body.
     *
     * @return the checksum
     */
    @Benchmark
    public long crc32c() {
        checksum.reset();
        checksum.update(body.duplicate());
        return checksum.getValue();
    }
}
