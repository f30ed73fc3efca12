package io.tidemark.console.internal.render;

import io.tidemark.api.Position;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.mirror.MirrorStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What an image is to its peers, for lists of images. Stateless. */
final class Roles {
    private Roles() {}

    /** As {@code primary}, {@code replica} or {@code replica, held}. */
    static String of(ImageStatus image, List<MirrorStatus> mirrored) {
        if (image.role() == Role.PRIMARY) {
            return Words.lower(Role.PRIMARY);
        }
        return Words.lower(Role.REPLICA)
                + followed(image, mirrored).map(Roles::order).orElse(", follows nobody");
    }

    private static String order(MirrorStatus replica) {
        if (replica.heldAt().isPresent()) {
            return ", held";
        }
        return replica.delayWantedNanos() > 0 ? ", delayed " + Words.duration(replica.delayWantedNanos()) : "";
    }

    private static Optional<MirrorStatus> followed(ImageStatus image, List<MirrorStatus> mirrored) {
        return mirrored.stream()
                .filter(one -> one.image().equals(image.name()) && one.role() == Role.REPLICA)
                .findFirst();
    }

    static String position(Position position) {
        return position.equals(Position.NONE) ? Words.NONE : position.toString();
    }

    /** How its peers fare, one line each. */
    static void addPeers(Facts facts, ImageStatus image, List<MirrorStatus> mirrored) {
        mirrored.stream()
                .filter(one -> one.image().equals(image.name()))
                .forEach(one -> facts.fact(
                        one.role() == Role.PRIMARY ? "mirrored to" : "follows",
                        MirrorWords.there(one) + ", " + MirrorWords.state(one) + ": " + one.words()));
    }

    /** Only of a replica. */
    static void addJson(Map<String, Object> out, ImageStatus image, List<MirrorStatus> mirrored) {
        if (image.role() == Role.PRIMARY) {
            return;
        }
        Optional<MirrorStatus> followed = followed(image, mirrored);
        out.put("received", image.received().toString());
        out.put(
                "follows",
                followed.map(MirrorStatus::peer).filter(peer -> !peer.isEmpty()).orElse(null));
        out.put(
                "heldAt",
                followed.flatMap(MirrorStatus::heldAt).map(Position::toString).orElse(null));
        out.put(
                "delayWantedNanos",
                followed.map(MirrorStatus::delayWantedNanos)
                        .filter(nanos -> nanos >= 0)
                        .orElse(null));
    }
}
