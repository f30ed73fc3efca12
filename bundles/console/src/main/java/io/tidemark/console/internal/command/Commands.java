package io.tidemark.console.internal.command;

import java.util.List;
import java.util.stream.Stream;

/** All commands of this bundle. */
public final class Commands {
    private Commands() {}

    /**
     * All of them.
     *
     * @return in the order of the reference
     */
    public static List<ConsoleCommand> all() {
        return Stream.of(
                        ImageCreate.all(),
                        ImageShow.all(),
                        ImageChange.all(),
                        JournalShow.all(),
                        JournalVerify.all(),
                        JournalCopy.all(),
                        PoolCommands.all(),
                        NbdCommands.all(),
                        MirrorPeers.all(),
                        MirrorImages.all(),
                        MirrorHeads.all(),
                        MirrorRoles.all(),
                        MirrorCompare.all(),
                        MirrorBranches.all())
                .flatMap(List::stream)
                .toList();
    }
}
