package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.console.internal.render.PeerViews;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code mirror:key}, {@code mirror:peer-add}, {@code mirror:peer-list} and {@code mirror:peer-remove}. */
final class MirrorPeers {
    private static final String KEY = "--key";
    private static final String TRUST_FIRST = "--trust-first";
    /** The transport with a peer. */
    static final String TRANSPORT = "--transport";

    private static final String FINGERPRINT = "--fingerprint";
    private static final String NO_PLACING = "--no-placing";

    private MirrorPeers() {}

    static List<ConsoleCommand> all() {
        return List.of(
                new SimpleCommand(
                        Spec.of("mirror:key", "Shows the key by which peers know this node.")
                                .detail(
                                        "Give it to mirror:peer-add on the other node. It is no secret. Also shows where peers"
                                                + " reach this node.")
                                .flag(Call.JSON, "Prints JSON.")
                                .example("mirror:key", "the key, and the addresses while this node takes links")
                                .build(),
                        MirrorPeers::key),
                new SimpleCommand(
                        Spec.of("mirror:peer-add", "Adds another node to mirror with.")
                                .detail(
                                        "Both nodes add each other, each with the key that mirror:key shows on the other one. One"
                                                + " of them needs an address: that one opens the link. A node that shows another"
                                                + " key is refused.")
                                .takes("NAME", "What the peer is to be called here.", Completion.NONE)
                                .mayTake(
                                        "ADDRESS",
                                        "HOST:PORT, [IPV6]:PORT or unix:PATH; left out where the peer opens the link.",
                                        Completion.NONE)
                                .option(KEY, "KEY", "The peer's key, as mirror:key shows it there.", Completion.NONE)
                                .flag(TRUST_FIRST, "Takes the first key that shows up at the address, and keeps to it.")
                                .oneOf(KEY, TRUST_FIRST)
                                .option(
                                        TRANSPORT,
                                        "NAME",
                                        "The transport that reaches it; tcp is the default. local: the peer is this node itself"
                                                + " and needs no key, so that its images can follow each other.",
                                        Completions::transports)
                                .option(
                                        FINGERPRINT,
                                        "SHA256",
                                        "Of the TLS certificate that it has to show.",
                                        Completion.NONE)
                                .flag(NO_PLACING, "The peer may not place replicas of its images on this node.")
                                .flag(Call.JSON, "Prints the peer as JSON.")
                                .example(
                                        "mirror:peer-add siteb b:10810 --key ed25519:"
                                                + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                                        "links with siteb, which has this key")
                                .example(
                                        "mirror:peer-add siteb b:10810 --trust-first",
                                        "as when nobody can look at the key there")
                                .example(
                                        "mirror:peer-add here --transport local",
                                        "images of this node may follow each other")
                                .build(),
                        MirrorPeers::add),
                new SimpleCommand(
                        Spec.of("mirror:peer-list", "Lists the peers and how they are linked.")
                                .detail("CLOCK is how much the peer's wall clock is ahead of this node's.")
                                .flag(Call.JSON, "Prints JSON.")
                                .example("mirror:peer-list", "shows all peers")
                                .build(),
                        MirrorPeers::list),
                new SimpleCommand(
                        Spec.of("mirror:peer-remove", "Forgets a peer and ends the link with it.")
                                .detail(
                                        "Refused while images are mirrored with it: mirror:disable ends that. To add it again, its"
                                                + " key is needed again. Asks first.")
                                .takes("NAME", "The peer.", Completions::peers)
                                .asks()
                                .example("mirror:peer-remove siteb", "forgets siteb when you answer y")
                                .build(),
                        MirrorPeers::remove));
    }

    private static void key(Call call) throws StorageException {
        MirrorManager mirrors = call.node().mirrors();
        String key = mirrors.ownKey();
        List<String> addresses = mirrors.ownAddresses();
        if (call.json()) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("key", key);
            json.put("addresses", addresses);
            call.printJson(json);
            return;
        }
        call.line(key);
        call.line(
                addresses.isEmpty()
                        ? "takes no links yet: a node listens when it has a peer"
                        : "takes links at " + String.join(", ", addresses));
    }

    private static void add(Call call) throws Failure, StorageException {
        Arguments arguments = call.arguments();
        String address = arguments.text("ADDRESS");
        String key = arguments.value(KEY).orElse("");
        String transport = arguments.value(TRANSPORT).orElse(PeerSettings.TCP);
        boolean local = transport.equals(PeerSettings.LOCAL);
        if (!local && key.isEmpty() != arguments.has(TRUST_FIRST)) {
            throw Failure.usage("say either " + KEY + " KEY, as mirror:key shows it on the peer, or " + TRUST_FIRST
                    + ". Nothing was done.");
        }
        PeerSettings settings = new PeerSettings(
                transport, address, arguments.value(FINGERPRINT).orElse(""), key, !arguments.has(NO_PLACING));
        PeerStatus peer = call.node().mirrors().addPeer(arguments.text("NAME"), settings);
        if (call.json()) {
            call.printJson(PeerViews.json(peer));
        } else {
            call.line(peer.name() + ": " + peer.state() + (peer.trouble().isEmpty() ? "" : "; " + peer.trouble()));
            call.line("mirror:peer-list shows when it is linked");
        }
    }

    private static void list(Call call) throws StorageException {
        List<PeerStatus> peers = call.node().mirrors().peers();
        if (call.json()) {
            call.printJson(peers.stream().map(PeerViews::json).toList());
        } else {
            call.caller().out(PeerViews.list(peers));
        }
    }

    private static void remove(Call call) throws Failure, StorageException {
        String name = call.arguments().text("NAME");
        MirrorManager mirrors = call.node().mirrors();
        String key = mirrors.peers().stream()
                .filter(peer ->
                        peer.name().equals(name) && !peer.settings().key().isEmpty())
                .map(peer -> " with the key " + peer.settings().key())
                .findFirst()
                .orElse("");
        call.confirm("This ends the link with " + name + " and forgets it" + key + ".", MirrorImages.YES);
        mirrors.removePeer(name);
        if (call.json()) {
            call.printJson(Map.of("name", name));
        } else {
            call.line(name + ": forgotten");
        }
    }
}
