package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.base.text.Sizes;
import io.tidemark.console.internal.render.MirrorWords;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** What Tab offers, for the places that several commands have. Stateless. */
final class Completions {
    private Completions() {}

    /** Names of images. */
    static List<Candidate> images(Node node, String word) throws StorageException {
        return node.images().images().stream()
                .map(image -> Candidate.word(image.name(), describe(image)))
                .toList();
    }

    private static String describe(ImageStatus image) {
        String state = image.state().name().toLowerCase(Locale.ROOT);
        return image.sizeBytes() > 0 ? state + ", " + Sizes.format(image.sizeBytes()) : state;
    }

    /** Names of images that clients may write. */
    static List<Candidate> primaries(Node node, String word) throws StorageException {
        return images(node, Role.PRIMARY);
    }

    /** Names of images that follow another one. */
    static List<Candidate> replicas(Node node, String word) throws StorageException {
        return images(node, Role.REPLICA);
    }

    private static List<Candidate> images(Node node, Role role) throws StorageException {
        return node.images().images().stream()
                .filter(image -> image.role() == role)
                .map(image -> Candidate.word(image.name(), describe(image)))
                .toList();
    }

    /** Names of images that are mirrored, in whichever direction. */
    static List<Candidate> mirrored(Node node, String word) throws StorageException {
        Map<String, String> found = new LinkedHashMap<>();
        for (MirrorStatus one : node.mirrors().status()) {
            found.merge(
                    one.image(),
                    MirrorWords.peer(one) + ", " + MirrorWords.state(one),
                    (all, more) -> all + "; " + more);
        }
        return found.entrySet().stream()
                .map(one -> Candidate.word(one.getKey(), one.getValue()))
                .toList();
    }

    /** Names of peers. */
    static List<Candidate> peers(Node node, String word) throws StorageException {
        return node.mirrors().peers().stream()
                .map(peer -> Candidate.word(peer.name(), peer.state()))
                .toList();
    }

    /** By what a peer can be reached. */
    static List<Candidate> transports(Node node, String word) throws StorageException {
        return node.mirrors().transports().stream()
                .map(name -> Candidate.word(name, name.equals(PeerSettings.LOCAL) ? "this node itself" : ""))
                .toList();
    }

    /** Branches that are kept. */
    static List<Candidate> keptBranches(Node node, String word) throws StorageException {
        return node.mirrors().keptBranches().stream()
                .map(branch -> Candidate.word(branch.name(), "behind " + branch.fork()))
                .toList();
    }

    /** Names of image pools. */
    static List<Candidate> imagePools(Node node, String word) throws StorageException {
        return pools(node, "image");
    }

    /** Names of journal pools. */
    static List<Candidate> journalPools(Node node, String word) throws StorageException {
        return pools(node, "journal");
    }

    /** Names of pools of both sorts. */
    static List<Candidate> anyPools(Node node, String word) throws StorageException {
        return node.images().pools().stream()
                .map(pool -> Candidate.word(pool.name(), pool.sort() + " pool"))
                .distinct()
                .toList();
    }

    private static List<Candidate> pools(Node node, String sort) throws StorageException {
        return node.images().pools().stream()
                .filter(pool -> pool.sort().equals(sort) && pool.problem().isEmpty())
                .map(pool -> Candidate.word(pool.name(), pool.description()))
                .toList();
    }

    /** Names of commit policies. */
    static List<Candidate> policies(Node node, String word) throws StorageException {
        return node.images().commitPolicies().stream()
                .map(name -> Candidate.word(name, ""))
                .toList();
    }

    /** Names of trim strategies, separated by commas. */
    static List<Candidate> strategies(Node node, String word) throws StorageException {
        int comma = word.lastIndexOf(',');
        String before = word.substring(0, comma + 1);
        List<String> taken = Arrays.asList(before.split(","));
        return node.images().trimStrategies().stream()
                .filter(name -> !taken.contains(name))
                .map(name -> new Candidate(before + name, "", true))
                .toList();
    }

    private static String digits(String word) {
        return word.chars().allMatch(c -> c >= '0' && c <= '9') ? word : "";
    }

    /** Durations, as a hint. */
    static List<Candidate> durations(Node node, String word) {
        String digits = digits(word);
        if (digits.isEmpty()) {
            return word.isEmpty() ? List.of(Candidate.word("10m", ""), Candidate.word("1h", "")) : List.of();
        }
        return List.of(
                Candidate.word(digits + "s", "seconds"),
                Candidate.word(digits + "m", "minutes"),
                Candidate.word(digits + "h", "hours"),
                Candidate.word(digits + "d", "days"));
    }

    /** Sizes, as a hint. */
    static List<Candidate> sizes(Node node, String word) {
        String digits = digits(word);
        if (digits.isEmpty()) {
            return word.isEmpty() ? List.of(Candidate.word("10G", ""), Candidate.word("512M", "")) : List.of();
        }
        return List.of(
                Candidate.word(digits + "M", "MiB"),
                Candidate.word(digits + "G", "GiB"),
                Candidate.word(digits + "T", "TiB"));
    }

    /**
     * Fixed words.
     *
     * @param words to offer
     * @return the completion
     */
    static Completion words(String... words) {
        List<Candidate> candidates =
                Arrays.stream(words).map(word -> Candidate.word(word, "")).toList();
        return (node, word) -> candidates;
    }

    /** {@code KEY=VALUE}: keys that some image has, and values where they are known. */
    static List<Candidate> settings(Node node, String word) throws StorageException {
        ImageManager images = node.images();
        int equals = word.indexOf('=');
        if (equals < 0) {
            return Stream.concat(
                            KeyOptions.SETTABLE.stream(),
                            images.images().stream().flatMap(image -> image.properties().keySet().stream()))
                    .filter(key -> !key.equals(ImageKeys.SIZE))
                    .distinct()
                    .sorted()
                    .map(key -> new Candidate(key + "=", "", false))
                    .toList();
        }
        String key = word.substring(0, equals + 1);
        Completion values = KeyOptions.values(word.substring(0, equals));
        List<Candidate> candidates = new ArrayList<>();
        for (Candidate value : values.candidates(node, word.substring(equals + 1))) {
            candidates.add(new Candidate(key + value.value(), value.says(), value.whole()));
        }
        return candidates;
    }
}
