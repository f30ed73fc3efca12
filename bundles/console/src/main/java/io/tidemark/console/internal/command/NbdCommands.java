package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.api.device.FrontEnd.Client;
import io.tidemark.console.internal.render.FrontEndViews;
import java.util.List;

/** {@code nbd:list} and {@code nbd:clients}. */
final class NbdCommands {
    private static final String NBD = "nbd";

    private NbdCommands() {}

    static List<ConsoleCommand> all() {
        return List.of(
                new SimpleCommand(
                        Spec.of("nbd:list", "Lists what NBD clients can connect to, and where.")
                                .detail(
                                        "WRITE CACHE says whether a write is answered before it is durable: under the commit policy"
                                                + " volatile. Clients are always told that they can flush.")
                                .flag(Call.JSON, "Prints JSON.")
                                .example("nbd:list", "shows addresses and exports")
                                .build(),
                        NbdCommands::list),
                new SimpleCommand(
                        Spec.of("nbd:clients", "Lists the NBD clients that are connected.")
                                .mayTake("NAME", "Only clients of this image.", Completions::images)
                                .flag(Call.JSON, "Prints JSON.")
                                .example("nbd:clients", "shows all clients")
                                .example("nbd:clients vm1", "shows who uses vm1")
                                .build(),
                        NbdCommands::clients));
    }

    private static List<FrontEnd> nbd(Call call) {
        return call.node().frontEnds().stream()
                .filter(frontEnd -> frontEnd.name().equals(NBD))
                .toList();
    }

    private static void list(Call call) throws StorageException {
        List<BlockDevice> devices = call.node().devices();
        if (call.json()) {
            call.printJson(FrontEndViews.exportsJson(nbd(call), devices));
        } else {
            call.caller().out(FrontEndViews.exports(nbd(call), devices));
        }
    }

    private static void clients(Call call) throws StorageException {
        String name = call.arguments().text("NAME");
        if (!name.isEmpty()) {
            call.images().image(name);
        }
        List<Client> clients = nbd(call).stream()
                .flatMap(frontEnd -> frontEnd.clients().stream())
                .filter(client -> name.isEmpty() || client.export().equals(name))
                .toList();
        if (call.json()) {
            call.printJson(clients.stream().map(FrontEndViews::json).toList());
        } else {
            call.caller().out(FrontEndViews.clients(clients));
        }
    }

    /**
     * Says where a client finds a new image.
     *
     * @param call of the command
     * @param image its name
     */
    static void connectHint(Call call, String image) {
        for (FrontEnd frontEnd : nbd(call)) {
            for (String address : frontEnd.addresses(image)) {
                call.line("Connect to it with " + address);
            }
        }
    }
}
