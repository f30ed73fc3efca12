package io.tidemark.itests.nodes.node;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.context.Files;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.base.event.EventCodec;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.base.machine.MachineFiles;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The process behind {@link NodeProcess}. Arguments: the socket to serve on, the directory of the image pool, directories
 * of the journal pool. System properties, all beginning with {@code node.}:
 *
 * <ul>
 *   <li>{@code image.NAME}: {@code key=value,...}, keys as in {@code etc}; the image is made when it is missing
 *   <li>{@code fault.PART}: what becomes of forces of a {@link Part}, see {@link ForgetfulFiles}
 *   <li>{@code faults}: {@code true} where forces are to fail later
 *   <li>{@code memory}: bytes of payload memory
 *   <li>{@code segment}: bytes of a journal's segments
 *   <li>{@code shared}: directory of the journal pool {@code shared}, which another node may have, too
 *   <li>{@code etc}: directory of configurations that commands make; with it the node mirrors, see {@link MirrorWiring}
 *   <li>everything else: keys that hold for all images
 * </ul>
 *
 * Each line of the input is a command, and answered by one line: {@code ok ...} or {@code error REASON ...}. At the end of
 * the input the process ends at once.
 */
public final class NodeMain {
    private static final String PREFIX = "node.";
    private static final String IMAGE = "image.";
    private static final String FAULT = "fault.";

    private final Wiring wiring;
    private final ForgetfulFiles faults;

    private NodeMain(Wiring wiring, ForgetfulFiles faults) {
        this.wiring = wiring;
        this.faults = faults;
    }

    /**
     * Runs a node.
     *
     * @param arguments see above
     * @throws Exception when it cannot start
     */
    public static void main(String[] arguments) throws Exception {
        Map<String, String> properties = new TreeMap<>();
        for (String name : System.getProperties().stringPropertyNames()) {
            if (name.startsWith(PREFIX)) {
                properties.put(name.substring(PREFIX.length()), System.getProperty(name));
            }
        }
        Path images = Path.of(arguments[1]);
        ForgetfulFiles faults = null;
        if (properties.keySet().stream().anyMatch(name -> name.startsWith("fault"))) {
            faults = new ForgetfulFiles(images, Boolean.parseBoolean(take(properties, "faults", "false")));
        }
        Files files = faults == null ? new MachineFiles() : faults;
        MachineContext context =
                new MachineContext(Long.parseLong(take(properties, "memory", Long.toString(96L << 20))), files);
        List<Path> journals = Arrays.stream(arguments).skip(2).map(Path::of).toList();
        String segment = take(properties, "segment", "16MiB");
        for (String name : new ArrayList<>(properties.keySet())) {
            if (name.startsWith(FAULT)) {
                faults.set(
                        Part.valueOf(name.substring(FAULT.length())),
                        ForgetfulFiles.Force.valueOf(properties.remove(name)));
            }
        }
        String etc = take(properties, "etc", "");
        String shared = take(properties, "shared", "");
        Wiring wiring = Wiring.open(
                context,
                images,
                journals,
                shared.isEmpty() ? List.of() : List.of(Path.of(shared)),
                segment,
                images(properties),
                Path.of(arguments[0]),
                etc.isEmpty() ? null : Path.of(etc));
        new NodeMain(wiring, faults).serve();
    }

    private static String take(Map<String, String> properties, String name, String otherwise) {
        String value = properties.remove(name);
        return value == null ? otherwise : value;
    }

    /** What is wished of each image, by name. */
    private static Map<String, Map<String, String>> images(Map<String, String> properties) {
        Map<String, Map<String, String>> images = new TreeMap<>();
        properties.forEach((name, value) -> {
            if (name.startsWith(IMAGE)) {
                Map<String, String> keys = new LinkedHashMap<>();
                properties.forEach((key, common) -> {
                    if (!key.startsWith(IMAGE)) {
                        keys.put(key, common);
                    }
                });
                keys.putAll(pairs(value.split(","), 0));
                images.put(name.substring(IMAGE.length()), keys);
            }
        });
        return images;
    }

    private void serve() throws Exception {
        System.out.println("ok serving");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(answer(line.split(" ")));
            if (line.equals("stop")) {
                System.exit(0);
            }
        }
        // Whoever started this process is gone.
        Runtime.getRuntime().halt(1);
    }

    private String answer(String[] words) {
        try {
            return "ok " + execute(words);
        } catch (StorageException e) {
            return "error " + e.reason() + " " + String.valueOf(e.getMessage()).replace('\n', ' ');
        } catch (Exception e) {
            return "error " + e.toString().replace('\n', ' ');
        }
    }

    private String execute(String[] words) throws Exception {
        ImageManager manager = wiring.manager();
        switch (words[0]) {
            case "status":
                return status(manager.image(words[1]));
            case "refused":
                return manager.images().stream()
                        .filter(image -> image.state() != ImageStatus.State.SERVING)
                        .map(image -> image.name() + ": " + image.state() + ": " + image.detail())
                        .collect(Collectors.joining("; "));
            case "checkpoint":
                return status(manager.checkpoint(words[1]));
            case "mark":
                return manager.mark(words[1], EventKind.MARK, words[2]).toString();
            case "snapshot":
                return manager.mark(words[1], EventKind.SNAPSHOT, words[2]).toString();
            case "marks":
                return marks(manager.journal(words[1]));
            case "configure":
                return status(manager.configure(words[1], pairs(words, 2)));
            case "create":
                return status(manager.create(words[1], Long.parseLong(words[2]), pairs(words, 3)));
            case "resize":
                return status(manager.resize(words[1], Long.parseLong(words[2])));
            case "delete":
                manager.delete(words[1]);
                return "";
            case "fault":
                faults.set(Part.valueOf(words[1]), ForgetfulFiles.Force.valueOf(words[2]));
                return "";
            case "armed":
                return Boolean.toString(faults.armed(Part.valueOf(words[1])));
            case "mirror":
                return wiring.mirror().execute(words);
            case "stop":
                wiring.close();
                return "";
            default:
                throw new IllegalArgumentException("unknown command " + words[0]);
        }
    }

    /** All marks and snapshots that a journal has, in order. */
    private static String marks(Journal journal) throws StorageException {
        List<String> marks = new ArrayList<>();
        try (JournalReader reader = journal.reader(journal.trimmed() + 1)) {
            for (EventHeader header = reader.next(); header != null; header = reader.next()) {
                boolean snapshot = header.kind() == EventKind.SNAPSHOT;
                if (snapshot || header.kind() == EventKind.MARK) {
                    String name = EventCodec.decode(header, reader.body()).name();
                    marks.add((snapshot ? "snapshot:" : "") + name + "=" + header.position());
                }
            }
        }
        return String.join(" ", marks);
    }

    private static Map<String, String> pairs(String[] words, int from) {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String pair : Arrays.copyOfRange(words, from, words.length)) {
            pairs.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
        }
        return pairs;
    }

    private static String status(ImageStatus image) {
        Map<String, String> pairs = new TreeMap<>();
        image.counters().forEach((name, value) -> pairs.put(name, Long.toString(value)));
        pairs.put("state", image.state().name());
        pairs.put("detail", image.detail().replace(' ', '_').replace('\n', '_'));
        pairs.put(
                "warnings", String.join(";", image.warnings()).replace(' ', '_').replace('\n', '_'));
        pairs.put("appended", Long.toString(image.watermarks().appended()));
        pairs.put("durable", Long.toString(image.watermarks().durable()));
        pairs.put("applied", Long.toString(image.watermarks().applied()));
        pairs.put("checkpointed", Long.toString(image.watermarks().checkpointed()));
        pairs.put("trimmed", Long.toString(image.watermarks().trimmed()));
        pairs.put("backlogBytes", Long.toString(image.backlogBytes()));
        pairs.put("journalUsedBytes", Long.toString(image.journalUsedBytes()));
        return pairs.entrySet().stream()
                .map(pair -> pair.getKey().replace(' ', '_') + "=" + pair.getValue())
                .collect(Collectors.joining(" "));
    }
}
