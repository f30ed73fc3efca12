package io.tidemark.image.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.context.StorageFile;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WriteBackTest {
    private static final int MIB = 1 << 20;

    private final List<String> started = new ArrayList<>();

    /** A file that only notes which ranges are sent off. */
    private final StorageFile file = (StorageFile) Proxy.newProxyInstance(
            StorageFile.class.getClassLoader(), new Class<?>[] {StorageFile.class}, (proxy, method, arguments) -> {
                started.add(method.getName() + " " + (long) arguments[0] / MIB + " " + (long) arguments[1] / MIB);
                return null;
            });

    @Test
    void eachPortionIsSentOffWithTheOneBefore() {
        WriteBack writeBack = new WriteBack(file);
        for (int i = 0; i < 12; i++) {
            writeBack.wrote((long) i * MIB, MIB);
        }
        assertEquals(List.of("startWriteBack 0 4", "startWriteBack 0 8", "startWriteBack 4 8"), started);
    }

    @Test
    void scatteredWritesAreSentOffByTheRangeThatTheyLieIn() {
        WriteBack writeBack = new WriteBack(file);
        writeBack.wrote(900L * MIB, 2 * MIB);
        writeBack.wrote(100L * MIB, 2 * MIB);
        assertEquals(List.of("startWriteBack 100 802"), started);
    }
}
