package io.tidemark.console.internal.render;

import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.api.device.FrontEnd.Client;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Front ends, exports and clients as tables and JSON. Stateless. */
public final class FrontEndViews {
    /** What {@link FrontEnd#status} says when nothing is wrong. */
    public static final String SERVING = "serving";

    private FrontEndViews() {}

    /**
     * What is exported, and where.
     *
     * @param frontEnds of one protocol
     * @param devices that clients may attach to
     * @return lines
     */
    public static String exports(List<FrontEnd> frontEnds, List<BlockDevice> devices) {
        StringBuilder out = new StringBuilder();
        for (FrontEnd frontEnd : frontEnds) {
            if (!frontEnd.endpoints().isEmpty()) {
                out.append("Listening on ")
                        .append(Words.list(frontEnd.endpoints()))
                        .append('\n');
            } else if (frontEnd.status().equals(SERVING)) {
                out.append("Listening on no address, as configured\n");
            }
            if (!frontEnd.status().equals(SERVING)) {
                out.append(frontEnd.name())
                        .append(": ")
                        .append(frontEnd.status())
                        .append('\n');
            }
        }
        if (frontEnds.isEmpty()) {
            out.append("No NBD server runs on this node; look at it with bundle:list and log:display.\n");
        }
        if (devices.isEmpty()) {
            return out.append("No exports: no image is served. See image:list.\n")
                    .toString();
        }
        Table table = new Table()
                .text("EXPORT")
                .number("SIZE")
                .number("BLOCK")
                .text("ACCESS")
                .text("WRITE CACHE")
                .number("CLIENTS");
        for (BlockDevice device : devices) {
            table.row(
                    device.name(),
                    Words.size(device.sizeBytes()),
                    Words.size(device.preferredBlockBytes()),
                    device.readOnly() ? "read-only" : "read-write",
                    device.writeCache() ? "yes" : "no",
                    Long.toString(clients(frontEnds, device.name())));
        }
        return out.append(table.render()).toString();
    }

    private static long clients(List<FrontEnd> frontEnds, String export) {
        return frontEnds.stream()
                .flatMap(frontEnd -> frontEnd.clients().stream())
                .filter(client -> client.export().equals(export))
                .count();
    }

    /**
     * Exports for machines.
     *
     * @param frontEnds of one protocol
     * @param devices that clients may attach to
     * @return for JSON
     */
    public static Map<String, Object> exportsJson(List<FrontEnd> frontEnds, List<BlockDevice> devices) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("servers", frontEnds.stream().map(FrontEndViews::json).toList());
        out.put(
                "exports",
                devices.stream().map(device -> json(device, frontEnds)).toList());
        return out;
    }

    private static Map<String, Object> json(FrontEnd frontEnd) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", frontEnd.name());
        out.put("status", frontEnd.status());
        out.put("endpoints", frontEnd.endpoints());
        return out;
    }

    private static Map<String, Object> json(BlockDevice device, List<FrontEnd> frontEnds) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", device.name());
        out.put("description", device.description());
        out.put("sizeBytes", device.sizeBytes());
        out.put("preferredBlockBytes", device.preferredBlockBytes());
        out.put("readOnly", device.readOnly());
        out.put("writeCache", device.writeCache());
        out.put("clients", clients(frontEnds, device.name()));
        out.put(
                "uris",
                frontEnds.stream()
                        .flatMap(frontEnd -> frontEnd.addresses(device.name()).stream())
                        .toList());
        return out;
    }

    /**
     * Who is connected.
     *
     * @param clients of all front ends
     * @return lines
     */
    public static String clients(List<Client> clients) {
        if (clients.isEmpty()) {
            return "No clients.\n";
        }
        Table table = new Table()
                .text("EXPORT")
                .text("CLIENT")
                .text("SINCE")
                .number("REQUESTS")
                .number("ERRORS")
                .number("READ")
                .number("WRITTEN")
                .number("IN FLIGHT")
                .text("TLS");
        for (Client client : clients) {
            table.row(
                    client.export(),
                    client.address(),
                    Words.time(client.connectedWallNanos()),
                    Words.number(client.requests()),
                    Words.number(client.errors()),
                    Words.size(client.readBytes()),
                    Words.size(client.writtenBytes()),
                    inFlight(client),
                    client.tls().isEmpty() ? Words.NONE : client.tls());
        }
        return table.render();
    }

    private static String inFlight(Client client) {
        String requests = Words.number(client.requestsInFlight());
        return client.bytesInFlight() == 0 ? requests : requests + " (" + Words.size(client.bytesInFlight()) + ")";
    }

    /**
     * A client for machines.
     *
     * @param client to show
     * @return for JSON
     */
    public static Map<String, Object> json(Client client) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("id", client.id());
        out.put("export", client.export());
        out.put("address", client.address());
        out.put("tls", client.tls());
        out.put("connected", Words.isoTime(client.connectedWallNanos()));
        out.put("requests", client.requests());
        out.put("errors", client.errors());
        out.put("readBytes", client.readBytes());
        out.put("writtenBytes", client.writtenBytes());
        out.put("requestsInFlight", client.requestsInFlight());
        out.put("bytesInFlight", client.bytesInFlight());
        return out;
    }
}
