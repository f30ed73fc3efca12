package io.tidemark.itests.scripts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.scripts.Shell.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The tour, as a newcomer takes it. */
class TourIT {
    private static Outcome tour(String... before) {
        List<String> words = new ArrayList<>(List.of(before));
        words.addAll(List.of("./run", "--tour"));
        Outcome outcome = Shell.run(words.toArray(String[]::new));
        assertEquals(0, outcome.status(), outcome.toString());
        assertTrue(outcome.text().contains("all 3000 are right"), outcome.toString());
        assertTrue(outcome.text().contains("The tour is done: nothing that was promised was lost"), outcome.toString());
        assertTrue(outcome.text().contains("mirror:promote vm1 --force"), outcome.toString());
        assertTrue(outcome.text().contains("vm1 and that of near: equal, "), outcome.toString());
        Matcher sent = Pattern.compile("is whole, (\\d+) bytes were sent of (\\d+) that were compared")
                .matcher(outcome.text());
        assertTrue(sent.find(), outcome.toString());
        assertTrue(
                Long.parseLong(sent.group(1)) * 2 < Long.parseLong(sent.group(2)),
                "a fail-back sends the difference only: " + sent.group());
        saysWhatWasLost(outcome);
        assertTrue(outcome.text().lines().filter(line -> line.startsWith("$ ")).count() > 10, outcome.toString());
        assertFalse(Files.exists(Shell.root().resolve("target/tour")), "the tour cleans up");
        return outcome;
    }

    private static boolean root() {
        return "root".equals(System.getProperty("user.name"));
    }

    /** Of as many as it had counted before, at the fire. */
    private static void saysWhatWasLost(Outcome outcome) {
        Matcher acknowledged =
                Pattern.compile("Acknowledged by then: (\\d+)\\.").matcher(outcome.text());
        assertTrue(acknowledged.find(), outcome.toString());
        Matcher lost = Pattern.compile("Of (\\d+) that were acknowledged, (?:none is|(\\d+) are) missing: ")
                .matcher(outcome.text());
        assertTrue(lost.find(), outcome.toString());
        assertEquals(acknowledged.group(1), lost.group(1), outcome.toString());
        int missing = lost.group(2) == null ? 0 : Integer.parseInt(lost.group(2));
        assertTrue(Integer.parseInt(lost.group(1)) > 0 && missing < Integer.parseInt(lost.group(1)), lost.group());
    }

    /** What stands in the text, one behind the other. */
    private static void inOrder(Outcome outcome, String... parts) {
        int at = 0;
        for (String part : parts) {
            int found = outcome.text().indexOf(part, at);
            assertTrue(found >= 0, () -> "'" + part + "' is missing in its place: " + outcome);
            at = found + part.length();
        }
    }

    /** Files that are removed beside a database at work, or a disk that is overwritten; and a late replica that has all of it still. */
    private static void tellsOfTheAccident(Outcome outcome, boolean mounts) {
        inOrder(outcome, "mirror:enable vm1 --to near\n", "mirror:enable vm1 --to late --delay 1h\n");
        if (mounts) {
            inOrder(
                    outcome,
                    ". An unlucky command\n",
                    "\n$ (commit orders to ",
                    "\n$ rm -rf ",
                    "The late one has received it, and does not show it yet:\n",
                    "\n$ mount -o loop,ro,noload ",
                    "\n$ cp -a ",
                    "\nall 3000 are right again\n",
                    "late.site --stop\n",
                    ". A fire\n",
                    "\nall 3000 are right\n",
                    "'PRAGMA integrity_check'\nok\n",
                    "'SELECT number FROM orders ORDER BY number'",
                    "'the first one after the fire'");
        } else {
            inOrder(
                    outcome,
                    ". An unlucky command\n",
                    "\n$ truncate -s 64M ",
                    "The late one has received it, and does not show it yet:\n",
                    "\n$ nbdcopy nbd://",
                    "\n$ nbdcopy --flush ",
                    "\nall of it is there again\n",
                    "late.site --stop\n",
                    ". A fire\n");
        }
    }

    /** With a mounted file system where the tests are root, else without. */
    @Test
    void asWhoeverRunsTheTests() {
        Outcome outcome = tour();
        boolean mounts = root()
                && Stream.of("/dev/fuse", "/dev/loop-control").map(Path::of).allMatch(Files::exists);
        assertEquals(mounts, outcome.text().contains("$ mount -o loop"), outcome.toString());
        tellsOfTheAccident(outcome, mounts);
    }

    /** In a name space where root is somebody else, who may write to the tree and has no rights beside that. */
    @Test
    void asAnOrdinaryUserWithoutAMount() {
        Outcome outcome = root() ? tour("unshare", "--user", "--map-user=65534", "--map-group=65534") : tour();
        assertFalse(outcome.text().contains("$ mount"), outcome.toString());
        assertTrue(outcome.text().contains("Mounting needs root"), outcome.toString());
        tellsOfTheAccident(outcome, false);
    }

    @Test
    void standsAlone() {
        Outcome outcome = Shell.run("./run", "--tour", "--background");
        assertEquals(2, outcome.status(), outcome.toString());
    }
}
