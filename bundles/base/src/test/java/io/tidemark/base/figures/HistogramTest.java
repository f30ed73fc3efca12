package io.tidemark.base.figures;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.base.figures.Histogram.Figures;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class HistogramTest {
    private static Figures of(LongStream values) {
        Histogram histogram = new Histogram();
        values.parallel().forEach(histogram::add);
        return histogram.now();
    }

    @Test
    void nothingIsNothing() {
        assertEquals(new Figures(0, 0, 0, 0, 0), of(LongStream.empty()));
    }

    @Test
    void quantilesEndWithAPowerOfTwoOrTheLargestValue() {
        assertEquals(new Figures(1, 5, 5, 5, 5), of(LongStream.of(5)));
        assertEquals(new Figures(1000, 500, 511, 1000, 1000), of(LongStream.rangeClosed(1, 1000)));
        assertEquals(
                new Figures(100, 199, 1, 127, 19_700),
                of(LongStream.concat(
                        LongStream.of(19_700), LongStream.range(0, 99).map(i -> i < 98 ? 1 : 102))));
    }

    @Test
    void theEdgesAreCounted() {
        assertEquals(new Figures(2, 0, 0, 0, 0), of(LongStream.of(0, -7)));
        assertEquals(Long.MAX_VALUE, of(LongStream.of(Long.MAX_VALUE)).p99());
    }
}
