package io.tidemark.console.internal.command;

import io.tidemark.api.device.FrontEnd;
import java.util.List;

/** An NBD server with one client. */
final class FakeFrontEnd implements FrontEnd {
    private final List<String> endpoints;

    FakeFrontEnd() {
        this(List.of("nbd://127.0.0.1:10809/"));
    }

    FakeFrontEnd(List<String> endpoints) {
        this.endpoints = endpoints;
    }

    @Override
    public String name() {
        return "nbd";
    }

    @Override
    public String status() {
        return "serving";
    }

    @Override
    public List<String> endpoints() {
        return endpoints;
    }

    @Override
    public List<String> addresses(String exportName) {
        return List.of("nbd://127.0.0.1:10809/" + exportName);
    }

    @Override
    public List<Client> clients() {
        return List.of(new Client(
                1,
                "vm1",
                "127.0.0.1:40312",
                "TLSv1.3",
                1_767_225_600_000_000_000L,
                1024,
                0,
                1 << 20,
                1 << 30,
                2,
                8192));
    }
}
