package io.tidemark.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.SpaceBook;
import io.tidemark.api.context.SpaceBook.Promise;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SpaceBookTest {
    private static final long FREE = 100 * 4096;
    private static final Path DATA = Path.of("/data");

    private final AtomicInteger asked = new AtomicInteger();
    private final SimulatedMachine machine = new SimulatedMachine(3, new MachineSettings(FREE, 1 << 20, 1000));
    private final Files files;
    private final SpaceBook book;

    SpaceBookTest() throws StorageException {
        machine.disk().makeDirectories(DATA);
        files = machine.boot("p").files();
        book = files.space(DATA);
    }

    private Promise open() {
        return book.open(DATA, asked::incrementAndGet);
    }

    @Test
    void aBookIsOfOneFileSystem() throws StorageException {
        machine.disk().mount(Path.of("/other"), 4096);
        assertSame(book, files.space(Path.of("/")));
        assertNotSame(book, files.space(Path.of("/other")));
    }

    @Test
    void whatIsNeededGoesBeforeWhatIsWished() throws StorageException {
        Promise first = open();
        Promise second = open();
        assertEquals(1000, first.ask(1000, 1000));
        assertEquals(1000 + (FREE - 1000) / 4, first.ask(1000, FREE), "most of the rest is for others");
        assertEquals(FREE, first.ask(FREE, FREE));
        assertEquals(0, asked.get());
        assertEquals(0, second.available());
        assertEquals(0, second.ask(10, 20));
        assertEquals(1, asked.get(), "the other one is asked to give something up");
        assertEquals(10, first.lackingElsewhere());
        first.keep(FREE - 4);
        assertEquals(6, first.lackingElsewhere());
        first.close();
        assertEquals(10, second.ask(10, 10));
        assertEquals(FREE, second.available(), "its own counts for itself");
    }

    @Test
    void nobodyTakesWhatAnotherLacks() throws StorageException {
        Promise journal = open();
        Promise image = open();
        assertFalse(journal.take(FREE + 1));
        assertTrue(journal.take(FREE));
        journal.keep(0);
        image.lacks(4096);
        assertEquals(4096, journal.lackingElsewhere(), "the file system has no space for it, whatever it says");
        assertFalse(journal.take(1));
        image.lacks(0);
        assertEquals(0, journal.lackingElsewhere());
        assertTrue(journal.take(1));
        image.lacks(4096);
        image.close();
        assertEquals(0, journal.lackingElsewhere(), "it is gone");
    }

    @Test
    void aReserveLargerThanTheDiskLeavesNothing() throws StorageException {
        Promise reserve = open();
        Promise image = open();
        reserve.keep(Long.MAX_VALUE);
        assertEquals(0, image.ask(1, Long.MAX_VALUE / 2));
        assertFalse(image.take(1));
        assertEquals(0, image.available());
    }

    /** While one looks at the free space, another one writes what it has an entry for, and gives the entry back. */
    @Test
    void whatIsWrittenMeanwhileIsNotFreeForOthers() throws StorageException {
        long[] free = {100};
        Runnable[] meanwhile = {() -> {}};
        SpaceBook own = new SpaceBook(new FaultyFiles(files) {
            @Override
            public long usableBytes(Path path) {
                long now = free[0];
                Runnable others = meanwhile[0];
                meanwhile[0] = () -> {};
                others.run();
                return now;
            }
        });
        Promise writer = own.open(DATA, () -> {});
        Promise other = own.open(DATA, () -> {});
        Runnable written = () -> {
            free[0] -= 60;
            writer.keep(0);
        };
        assertTrue(writer.take(60));
        meanwhile[0] = written;
        assertEquals(40, other.ask(100, 100));
        other.ask(0, 0);
        free[0] = 100;
        assertTrue(writer.take(60));
        meanwhile[0] = written;
        assertFalse(other.take(41));
        free[0] = 100;
        assertTrue(writer.take(60));
        meanwhile[0] = written;
        assertEquals(40, other.available());
    }
}
