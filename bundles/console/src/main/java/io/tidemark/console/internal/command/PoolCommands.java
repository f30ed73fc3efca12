package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.PoolStatus;
import io.tidemark.console.internal.render.PoolViews;
import java.util.List;

/** {@code pool:list} and {@code pool:info}. */
final class PoolCommands {
    private PoolCommands() {}

    static List<ConsoleCommand> all() {
        return List.of(
                new SimpleCommand(
                        Spec.of("pool:list", "Lists the pools that images and journals lie in.")
                                .detail("A pool is configured by a file in etc/; the node comes with one of each sort.")
                                .flag(Call.JSON, "Prints JSON.")
                                .example("pool:list", "shows all pools and how much room they have")
                                .build(),
                        PoolCommands::list),
                new SimpleCommand(
                        Spec.of("pool:info", "Shows a pool.")
                                .detail("An image pool and a journal pool may have the same name; then both are shown.")
                                .takes("NAME", "The pool.", Completions::anyPools)
                                .flag(Call.JSON, "Prints JSON.")
                                .example("pool:info default", "where the pool lies, its room and what is in it")
                                .build(),
                        PoolCommands::info));
    }

    private static void list(Call call) throws StorageException {
        List<PoolStatus> pools = call.images().pools();
        if (call.json()) {
            call.printJson(pools.stream().map(PoolViews::json).toList());
        } else {
            call.caller().out(PoolViews.list(pools));
        }
    }

    private static void info(Call call) throws Failure, StorageException {
        String name = call.arguments().text("NAME");
        List<PoolStatus> all = call.images().pools();
        List<PoolStatus> pools =
                all.stream().filter(pool -> pool.name().equals(name)).toList();
        if (pools.isEmpty()) {
            throw Failure.failed("there is no pool " + name
                    + (all.isEmpty()
                            ? "; see etc/ for how to configure one"
                            : "; there is "
                                    + String.join(
                                            ", ",
                                            all.stream()
                                                    .map(PoolStatus::name)
                                                    .distinct()
                                                    .toList())));
        }
        if (call.json()) {
            call.printJson(pools.stream().map(PoolViews::json).toList());
            return;
        }
        String gap = "";
        for (PoolStatus pool : pools) {
            call.caller().out(gap + PoolViews.info(pool));
            gap = "\n";
        }
    }
}
