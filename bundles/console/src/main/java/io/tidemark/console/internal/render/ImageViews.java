package io.tidemark.console.internal.render;

import io.tidemark.api.Position;
import io.tidemark.api.Watermarks;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.mirror.MirrorStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Images as tables, facts and JSON. Stateless. */
public final class ImageViews {
    private ImageViews() {}

    /**
     * All images, and below them what an operator has to do something about.
     *
     * @param images sorted
     * @param mirrored all mirrored images
     * @return lines
     */
    public static String list(List<ImageStatus> images, List<MirrorStatus> mirrored) {
        if (images.isEmpty()) {
            return "No images. Make one with image:create NAME SIZE.\n";
        }
        boolean replicas = images.stream().anyMatch(image -> image.role() == Role.REPLICA);
        Table table = new Table().text("NAME").text("STATE").number("SIZE");
        if (replicas) {
            table.text("ROLE").number("HEAD").number("RECEIVED");
        }
        table.text("COMMIT")
                .number("CLIENTS")
                .number("BACKLOG")
                .number("JOURNAL")
                .number("FULL")
                .text("POOL")
                .text("JOURNAL POOL");
        for (ImageStatus image : images) {
            List<String> cells = new ArrayList<>();
            boolean known = image.sizeBytes() > 0;
            cells.add(image.name());
            cells.add(Words.lower(image.state()));
            cells.add(known ? Words.size(image.sizeBytes()) : Words.NONE);
            if (replicas) {
                cells.add(Roles.of(image, mirrored));
                cells.add(Roles.position(image.head()));
                cells.add(Roles.position(image.received()));
            }
            cells.add(orNone(image.commitPolicy()));
            cells.add(Integer.toString(image.clients().size()));
            cells.add(known ? Words.size(image.backlogBytes()) : Words.NONE);
            cells.add(known ? Words.size(image.journalUsedBytes()) : Words.NONE);
            cells.add(known ? orNone(Words.percent(image.journalUsedBytes(), image.journalLimitBytes())) : Words.NONE);
            cells.add(orNone(image.pool()));
            cells.add(orNone(image.journalPool()));
            table.row(cells.toArray(String[]::new));
        }
        StringBuilder out = new StringBuilder(table.render());
        images.forEach(image -> notes(out, image));
        return out.toString();
    }

    private static void notes(StringBuilder out, ImageStatus image) {
        if (image.state() != State.SERVING && !image.detail().isEmpty()) {
            out.append(image.name())
                    .append(" is ")
                    .append(Words.lower(image.state()))
                    .append(": ")
                    .append(image.detail())
                    .append('\n');
        }
        for (String warning : image.warnings()) {
            out.append(image.name()).append(": warning: ").append(warning).append('\n');
        }
    }

    private static String orNone(String text) {
        return text.isEmpty() ? Words.NONE : text;
    }

    /**
     * One image.
     *
     * @param image to show
     * @param mirrored all mirrored images
     * @param all whether to show every counter, too
     * @return lines
     */
    public static String info(ImageStatus image, List<MirrorStatus> mirrored, boolean all) {
        Facts facts = new Facts()
                .group(headline(image))
                .fact("role", Roles.of(image, mirrored))
                .fact("size", image.sizeBytes() > 0 ? Words.size(image.sizeBytes()) + exact(image.sizeBytes()) : "")
                .fact("preferred block", image.blockSizeBytes() > 0 ? Words.size(image.blockSizeBytes()) : "")
                .fact("image pool", image.pool())
                .fact("journal pool", image.journalPool())
                .fact("commit policy", policy(image))
                .fact("trimmed by", Words.list(image.trimStrategies()))
                .fact("clients", Words.list(image.clients()));
        image.warnings().forEach(warning -> facts.fact("warning", warning));
        Roles.addPeers(facts, image, mirrored);
        if (image.sizeBytes() > 0) {
            journal(facts, image);
        }
        facts.group("Since it was opened");
        new Activity(image.counters()).addTo(facts);
        if (all) {
            facts.group("Counters");
            Counters.lines(image.counters()).forEach(facts::fact);
        }
        facts.group("Configuration; the rest has its default (image:set " + image.name() + " KEY=VALUE)");
        new TreeMap<>(image.properties()).forEach(facts::fact);
        return facts.render();
    }

    private static String headline(ImageStatus image) {
        String state = image.name() + " is " + Words.lower(image.state());
        return image.detail().isEmpty() ? state : state + ": " + image.detail();
    }

    private static String exact(long bytes) {
        return bytes < 1024 ? "" : " (" + Words.number(bytes) + " bytes)";
    }

    private static String policy(ImageStatus image) {
        boolean same = image.commitRule().isEmpty() || image.commitRule().equals(image.commitPolicy());
        return same ? image.commitPolicy() : image.commitPolicy() + " (in force: " + image.commitRule() + ")";
    }

    private static void journal(Facts facts, ImageStatus image) {
        Watermarks marks = image.watermarks();
        boolean replica = image.role() == Role.REPLICA;
        facts.group("Journal")
                .fact(
                        "used",
                        image.journalLimitBytes() <= 0
                                ? ""
                                : Words.size(image.journalUsedBytes()) + " of " + Words.size(image.journalLimitBytes())
                                        + " (" + Words.percent(image.journalUsedBytes(), image.journalLimitBytes())
                                        + ")")
                .fact(
                        replica ? "head" : "position",
                        image.head().equals(Position.NONE) ? "" : image.head().toString())
                .fact("received", image.received().equals(Position.NONE) ? "" : image.received() + above(image))
                .fact("appended", Words.number(marks.appended()))
                .fact("durable", Words.number(marks.durable()))
                .fact("applied", Words.number(marks.applied()) + behind(image))
                .fact("checkpointed", Words.number(marks.checkpointed()) + replay(marks))
                .fact("trimmed", Words.number(marks.trimmed()));
    }

    private static String above(ImageStatus image) {
        long events = image.received().sequence() - image.head().sequence();
        return events <= 0 ? "" : " (" + Words.count(events, "event") + " above the head)";
    }

    private static String behind(ImageStatus image) {
        return image.backlogEvents() == 0
                ? ""
                : " (" + Words.count(image.backlogEvents(), "event") + ", " + Words.size(image.backlogBytes())
                        + " to go)";
    }

    private static String replay(Watermarks marks) {
        long events = marks.durable() - marks.checkpointed();
        return events <= 0 ? "" : " (a crash now would replay " + Words.count(events, "event") + ")";
    }

    /**
     * An image for machines.
     *
     * @param image to show
     * @param mirrored all mirrored images
     * @return for JSON
     */
    public static Map<String, Object> json(ImageStatus image, List<MirrorStatus> mirrored) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", image.name());
        out.put("state", Words.lower(image.state()));
        out.put("detail", image.detail());
        out.put("sizeBytes", image.sizeBytes());
        out.put("blockSizeBytes", image.blockSizeBytes());
        out.put("pool", image.pool());
        out.put("journalPool", image.journalPool());
        out.put("commitPolicy", image.commitPolicy());
        out.put("commitRule", image.commitRule());
        out.put("trimStrategies", image.trimStrategies());
        out.put("role", Words.lower(image.role()));
        out.put("head", image.head().toString());
        Roles.addJson(out, image, mirrored);
        out.put("watermarks", json(image.watermarks()));
        out.put("backlogBytes", image.backlogBytes());
        out.put("backlogEvents", image.backlogEvents());
        out.put("journalUsedBytes", image.journalUsedBytes());
        out.put("journalLimitBytes", image.journalLimitBytes());
        out.put("clients", image.clients());
        out.put("warnings", image.warnings());
        out.put("counters", new TreeMap<>(image.counters()));
        out.put("properties", new TreeMap<>(image.properties()));
        return out;
    }

    /**
     * Watermarks for machines.
     *
     * @param marks to show
     * @return for JSON
     */
    static Map<String, Object> json(Watermarks marks) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("appended", marks.appended());
        out.put("durable", marks.durable());
        out.put("applied", marks.applied());
        out.put("checkpointed", marks.checkpointed());
        out.put("trimmed", marks.trimmed());
        return out;
    }
}
