package io.tidemark.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.context.Clock;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.console.internal.command.Commands;
import io.tidemark.console.internal.command.ConsoleCommand;
import io.tidemark.console.internal.command.Failure;
import io.tidemark.console.internal.command.Failure.Kind;
import io.tidemark.console.internal.command.Node;
import io.tidemark.console.internal.run.Execution;
import io.tidemark.console.internal.run.Front;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong below a command says itself what it is: each cause has words of its own, and nothing is left of it. */
class CommandMessagesTest {
    @TempDir
    Path data;

    private final List<String> messages = new ArrayList<>();

    @Test
    void eachFailureHasItsOwnMessage() throws Exception {
        try (Place place = new Place(data);
                Place other = new Place(data)) {
            typed(place, "image:create disk 32M");
            // Name exists: here, and in a pool that another node serves.
            refused(place, Kind.FAILED, "image:create disk 8M", "there is an image disk already; choose another name");
            refused(
                    other,
                    Kind.FAILED,
                    "image:create disk 8M",
                    "image disk exists already in pool default; choose another name; to serve it as it is, put its file"
                            + " etc/io.tidemark.image-disk.cfg back (an empty one stands for defaults); image:delete disk"
                            + " deletes it");
            // Missing.
            refused(
                    place,
                    Kind.FAILED,
                    "image:info vm9",
                    "there is no image vm9; image:list shows those that there are");
            refused(
                    place,
                    Kind.FAILED,
                    "image:create vm1 8M --pool fast",
                    "there is no image pool fast; there are: default");
            refused(
                    place,
                    Kind.FAILED,
                    "image:create vm1 8M --commit never",
                    "there is no commit policy never; there is none at all now");
            // Busy: a client has it, another node has it.
            try (Place.Client client = place.client("disk")) {
                refused(
                        place,
                        Kind.FAILED,
                        "image:delete disk --yes",
                        "image disk has clients: test; detach them first");
                client.write(0, 4096, 1).succeeded();
            }
            refused(
                    other,
                    Kind.FAILED,
                    "image:delete disk --yes",
                    "image disk in pool default (" + data.resolve("images")
                            + ") is in use; close it where it is open, maybe in another process");
            // Too small, too large, no size at all.
            refused(
                    place,
                    Kind.USAGE,
                    "image:create vm1 100",
                    "a size of 100 B is too small; the smallest image has 512 bytes, and a useful one some MiB, as in"
                            + " 512MiB");
            refused(
                    place,
                    Kind.FAILED,
                    "image:create vm1 8388607T",
                    "image vm1 of 8 EiB is larger than a file may be in " + data.resolve("images")
                            + "; make it smaller, or use a pool in another file system");
            refused(
                    place,
                    Kind.USAGE,
                    "image:create vm1 1000",
                    "a size of 1000 bytes is not a multiple of 512; take 1024");
            refused(
                    place,
                    Kind.FAILED,
                    "image:create vm1 8M --journal-limit 1M",
                    "journal.limit: 1 MiB is too little; at least 16 MiB");
            refused(
                    place,
                    Kind.FAILED,
                    "image:resize disk 8M",
                    "disk has 32 MiB; with 8 MiB everything behind that would be lost."
                            + " Say --allow-shrink if that is meant. Nothing was done.");
            // No space, neither for the journal nor for the image.
            place.files.fill();
            place.files.failWhen(call -> call.matches("open (prepare|segment)-.*"));
            noSpace(place, "journals/vm1/");
            place.files.failWhen("resize data"::equals);
            noSpace(place, "images/vm1/data");
            place.files.failWhen(call -> false);
            // Bad name.
            refused(
                    place,
                    Kind.USAGE,
                    "image:create ../vm1 8M",
                    "'../vm1' is no name for an image; use 1 to 128 letters, digits, dots, dashes and underscores, beginning"
                            + " with a letter or a digit");
            assertEquals(
                    List.of("disk"),
                    place.directory.images().stream().map(ImageStatus::name).toList());
            assertEquals(List.of("disk"), place.images.list());
            assertEquals(List.of("disk"), place.journals.list());
            assertEquals(State.SERVING, place.status("disk").state());
        }
        everyOneIsItsOwn();
    }

    private void everyOneIsItsOwn() {
        assertEquals(messages.size(), new HashSet<>(messages).size(), messages::toString);
    }

    private void refused(Place place, Kind kind, String line, String message) {
        Failure failure = assertThrows(Failure.class, () -> typed(place, line), line);
        assertEquals(kind, failure.kind(), failure.getMessage());
        assertEquals(message, failure.getMessage());
        messages.add(failure.getMessage());
    }

    private void noSpace(Place place, String file) {
        Failure failure = assertThrows(Failure.class, () -> typed(place, "image:create vm1 8M"));
        assertTrue(failure.getMessage().contains(data.resolve(file).toString()), failure.getMessage());
        assertTrue(failure.getMessage().contains(": no space left; "), failure.getMessage());
        messages.add(failure.getMessage());
    }

    /** What messages advise works: an image or a journal that no configuration names goes by the command that they name. */
    @Test
    void whatNobodyConfiguresIsDeletedAsMessagesSay() throws Exception {
        try (Place place = new Place(data)) {
            typed(place, "image:create disk 32M");
        }
        try (Place served = new Place(data)) {
            served.wish("disk", Map.of());
            served.awaitState("disk", State.SERVING);
        }
        try (Place again = new Place(data)) {
            refused(
                    again,
                    Kind.FAILED,
                    "image:create disk 8M",
                    "image disk exists already in pool default; choose another name; to serve it as it is, put its file"
                            + " etc/io.tidemark.image-disk.cfg back (an empty one stands for defaults); image:delete disk"
                            + " deletes it");
            Failure asked = assertThrows(Failure.class, () -> typed(again, "image:delete disk"));
            assertTrue(
                    asked.getMessage().contains("what image pool default and journal pool default hold of it"),
                    asked.getMessage());
            typed(again, "image:delete disk --yes");
            typed(again, "image:create disk 8M");
            again.awaitState("disk", State.SERVING);
        }
    }

    private static void typed(Place place, String line) throws Failure {
        List<String> words = List.of(line.split(" "));
        ConsoleCommand command = Commands.all().stream()
                .filter(each -> each.spec().fullName().equals(words.get(0)))
                .findFirst()
                .orElseThrow();
        new Execution(command, new Typing(place), new Silent()).run(words.subList(1, words.size()));
    }

    private record Typing(Place place) implements Node {
        @Override
        public ImageManager images() {
            return place.directory;
        }

        @Override
        public List<FrontEnd> frontEnds() {
            return List.of();
        }

        @Override
        public List<BlockDevice> devices() {
            return place.directory.devices();
        }

        @Override
        public MirrorManager mirrors() throws StorageException {
            throw Node.noMirror();
        }

        @Override
        public Clock clock() {
            return place.context.clock();
        }
    }

    /** Nobody is there to read or to answer. */
    private static final class Silent implements Front {
        @Override
        public boolean out(String text) {
            return true;
        }

        @Override
        public void progress(String line) {}

        @Override
        public int columns() {
            return 0;
        }

        @Override
        public String ask(String question) {
            return null;
        }

        @Override
        public Path directory() {
            return Path.of("/");
        }
    }
}
