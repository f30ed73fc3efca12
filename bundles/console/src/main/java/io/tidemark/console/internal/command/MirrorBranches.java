package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.console.internal.render.BranchViews;
import io.tidemark.console.internal.render.Words;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code mirror:branch-list}, {@code mirror:branch-export} and {@code mirror:branch-discard}. */
final class MirrorBranches {
    private static final String NAME = "NAME";
    private static final String FILE = "FILE";
    private static final String FORCE = "--force";

    private MirrorBranches() {}

    static List<ConsoleCommand> all() {
        return List.of(list(), export(), discard());
    }

    // ---- what commands that give up a branch share

    /** Names of those that are kept before something is given up. */
    static Set<String> before(Call call) throws StorageException {
        return call.node().mirrors().keptBranches().stream()
                .map(KeptBranch::name)
                .collect(Collectors.toCollection(HashSet::new));
    }

    /** Says what was kept since; nothing to machines, which have mirror:branch-list. */
    static void tell(Call call, Set<String> before) throws StorageException {
        if (!call.json()) {
            for (KeptBranch branch : call.node().mirrors().keptBranches()) {
                if (!before.contains(branch.name())) {
                    call.line(BranchViews.kept(branch));
                }
            }
        }
    }

    // ---- list

    private static ConsoleCommand list() {
        return new SimpleCommand(
                Spec.of("mirror:branch-list", "Shows branches that were given up and are kept.")
                        .detail(
                                "BEHIND is the last event that the branch which went on has, too; the events after it are kept, in"
                                        + " a file as journal:export writes it.")
                        .flag(Call.JSON, "Prints JSON; docs/reference/mirror.md explains the fields.")
                        .example("mirror:branch-list", "what mirror:resync --discard and mirror:promote --at kept here")
                        .build(),
                MirrorBranches::list);
    }

    private static void list(Call call) throws StorageException {
        List<KeptBranch> branches = call.node().mirrors().keptBranches();
        if (call.json()) {
            call.printJson(branches.stream().map(BranchViews::json).toList());
        } else {
            call.caller().out(BranchViews.list(branches));
        }
    }

    private static KeptBranch branch(Call call) throws StorageException {
        String name = call.arguments().text(NAME);
        return call.node().mirrors().keptBranches().stream()
                .filter(branch -> branch.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new StorageException(
                        Reason.NOT_FOUND,
                        "no branch " + name + " is kept here",
                        "mirror:branch-list shows those that are"));
    }

    // ---- export

    private static ConsoleCommand export() {
        return new SimpleCommand(
                Spec.of("mirror:branch-export", "Copies a branch that is kept to a file.")
                        .detail(
                                "The file appears when it is complete and forced. journal:import brings its events into an image.")
                        .takes(NAME, "The branch.", Completions::keptBranches)
                        .takes(FILE, "The file to write, on the machine of the node.", Completion.NONE)
                        .flag(FORCE, "Replaces a file that is there.")
                        .flag(Call.JSON, "Prints JSON.")
                        .example(
                                "mirror:branch-export vm1.2-1042-1060.20260501T140307Z /backup/vm1.branch",
                                "copies the events that only the branch had")
                        .build(),
                MirrorBranches::export);
    }

    private static void export(Call call) throws Failure, StorageException {
        KeptBranch branch = branch(call);
        Path file = call.newFile(FILE, FORCE);
        try {
            copy(Path.of(branch.file()), file);
        } catch (IOException e) {
            throw Failure.failed(
                    "cannot copy " + branch.file() + " to " + file + ": " + JournalCopy.reason(e)
                            + "; the branch stays kept; take another place",
                    e);
        }
        if (call.json()) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("name", branch.name());
            json.put("file", file.toString());
            json.put("fileBytes", branch.fileBytes());
            call.printJson(json);
        } else {
            call.line(branch.name() + ": copied to " + file + ", " + Words.size(branch.fileBytes()));
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (FileChannel in = FileChannel.open(from, StandardOpenOption.READ);
                PartFile part = PartFile.of(to)) {
            long size = in.size();
            for (long at = 0; at < size; ) {
                at += in.transferTo(at, size - at, part.channel());
            }
            part.finish();
            part.putInPlace();
        }
    }

    // ---- discard

    private static ConsoleCommand discard() {
        return new SimpleCommand(
                Spec.of("mirror:branch-discard", "Deletes a branch that is kept.")
                        .detail("What only it had is lost then. Asks first.")
                        .takes(NAME, "The branch.", Completions::keptBranches)
                        .asks()
                        .example(
                                "mirror:branch-discard vm1.2-1042-1060.20260501T140307Z",
                                "when nothing of it is needed any more")
                        .build(),
                MirrorBranches::discard);
    }

    private static void discard(Call call) throws Failure, StorageException {
        KeptBranch branch = branch(call);
        call.confirm(
                "This deletes " + Words.count(branch.last() - branch.fork().sequence(), "event") + " of "
                        + branch.image() + " behind " + branch.fork() + " for good.",
                MirrorImages.YES);
        call.node().mirrors().discardBranch(branch.name());
        if (call.json()) {
            call.printJson(Map.of("name", branch.name()));
        } else {
            call.line(branch.name() + ": discarded");
        }
    }
}
