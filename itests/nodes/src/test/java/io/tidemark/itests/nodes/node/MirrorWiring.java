package io.tidemark.itests.nodes.node;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.Verification;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.base.news.NewsDesk;
import io.tidemark.base.text.Durations;
import io.tidemark.base.wish.EtcWishStore;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.wish.WishKind;
import io.tidemark.base.wish.WishStore;
import io.tidemark.engine.manage.ImageDirectory;
import io.tidemark.engine.manage.Replicas;
import io.tidemark.mirror.internal.identity.Handshake;
import io.tidemark.mirror.internal.identity.NodeKey;
import io.tidemark.mirror.internal.manage.Mirrors;
import io.tidemark.mirror.internal.run.MirrorSettings;
import io.tidemark.mirror.internal.run.Services;
import io.tidemark.mirror.internal.wire.Wire;
import io.tidemark.tck.tls.Certificates;
import io.tidemark.transport.tcp.TcpSettings;
import io.tidemark.transport.tcp.TcpTransport;
import io.tidemark.transport.tcp.TlsSettings;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The mirror of a node of parts. What commands configure lies in a directory and is there again after a restart. Words behind
 * {@code mirror}, each as the method of {@link MirrorManager}: {@code key}, {@code addresses}, {@code peers}, {@code links}
 * (how many are open), {@code peer NAME
 * ADDRESS KEY TRANSPORT FINGERPRINT} ({@code -} for no address; TCP unless said otherwise), {@code fingerprint TRANSPORT}, {@code
 * local NAME}, {@code forget NAME}, {@code follow IMAGE PEER NAME}, {@code enable IMAGE PEER DELAY KEY=VALUE...}, {@code seed IMAGE
 * PEER}, {@code disable IMAGE PEER}, {@code
 * status IMAGE}, {@code hold IMAGE}, {@code release IMAGE}, {@code step IMAGE EVENTS} or
 * a position, {@code delay IMAGE DELAY}, {@code promote IMAGE}, {@code promote! IMAGE}, {@code demote IMAGE}, {@code switch IMAGE
 * PEER}, {@code verify IMAGE PEER}, {@code resync IMAGE PEER}, {@code resync! IMAGE PEER}, {@code lose IMAGE PEER} (a resync that
 * keeps nothing), {@code splits IMAGE}, {@code branches}, {@code discard BRANCH}; {@code bandwidth BYTES}, which bounds what TCP
 * sends in a second, 0 for no bound; and {@code copies NUMBER BYTES}, so many at once, and what each may send in a second.
 */
final class MirrorWiring {
    private static final WishKind IMAGES = new WishKind("io.tidemark.image", "image", "");

    private static final long KEPT_BYTES = 256L << 20;

    private static final TcpSettings TCP = TcpSettings.DEFAULTS.withTcp("127.0.0.1", 0);

    private final Mirrors mirrors;
    private final Map<String, TcpTransport> transports;

    private MirrorWiring(Mirrors mirrors, Map<String, TcpTransport> transports) {
        this.mirrors = mirrors;
        this.transports = transports;
    }

    /** What the node calls itself, and its images' epochs. */
    static String name(Path etc) {
        return etc.getFileName().toString();
    }

    static WishStore images(MachineContext context, Path etc) {
        return new EtcWishStore(IMAGES, context.files(), etc);
    }

    static boolean isKept(Path etc, String image) {
        return Files.exists(etc.resolve(IMAGES.pid() + "-" + image + ".cfg"));
    }

    static List<Wish> keptImages(MachineContext context, Path etc) throws IOException {
        return kept(IMAGES, etc);
    }

    private static List<Wish> kept(WishKind kind, Path etc) throws IOException {
        List<Wish> wishes = new ArrayList<>();
        try (Stream<Path> files = Files.list(etc)) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                String prefix = kind.pid() + "-";
                if (name.startsWith(prefix) && name.endsWith(".cfg")) {
                    Properties keys = new Properties();
                    try (Reader text = Files.newBufferedReader(file)) {
                        keys.load(text);
                    }
                    Map<String, String> properties = new TreeMap<>();
                    keys.forEach((key, value) -> properties.put((String) key, (String) value));
                    wishes.add(
                            new Wish(file.toString(), name.substring(prefix.length(), name.length() - 4), properties));
                }
            }
        }
        return wishes;
    }

    static MirrorWiring open(MachineContext context, ImageDirectory images, Map<String, JournalStore> shared, Path etc)
            throws Exception {
        Map<String, TcpTransport> transports = transports(etc);
        SecureRandom random = new SecureRandom();
        Mirrors mirrors = new Mirrors(
                context,
                new Services(new Replicas(images), images, images, shared::get, new NewsDesk(context, "news")),
                MirrorSettings.DEFAULTS,
                new Handshake.Self(
                        NodeKey.loadOrCreate(etc.resolve("node.key")), name(etc), Wire.VERSION, Wire.VERSION),
                () -> {
                    byte[] nonce = new byte[Wire.NONCE_BYTES];
                    random.nextBytes(nonce);
                    return nonce;
                },
                new Mirrors.Stores(
                        new EtcWishStore(Mirrors.PEERS, context.files(), etc),
                        new EtcWishStore(Mirrors.REPLICAS, context.files(), etc),
                        new Mirrors.Branches(etc.resolve("branches"), KEPT_BYTES)));
        transports.forEach(mirrors::transport);
        kept(Mirrors.PEERS, etc).forEach(mirrors::peerWished);
        kept(Mirrors.REPLICAS, etc).forEach(mirrors::replicaWished);
        mirrors.start();
        return new MirrorWiring(mirrors, transports);
    }

    /** TCP; with TLS where there is a store {@code tls.p12}, and a Unix socket where a file {@code unix} names one. */
    private static Map<String, TcpTransport> transports(Path etc) throws IOException {
        Map<String, TcpTransport> transports = new TreeMap<>();
        transports.put(PeerSettings.TCP, new TcpTransport(PeerSettings.TCP, TCP));
        Path store = etc.resolve("tls.p12");
        if (Files.exists(store)) {
            TlsSettings tls = new TlsSettings(true, store, null, Certificates.PASSWORD, null);
            transports.put("tls", new TcpTransport("tls", TCP.withTls(tls)));
        }
        Path unix = etc.resolve("unix");
        if (Files.exists(unix)) {
            Path socket = Path.of(Files.readString(unix).strip());
            transports.put("unix", new TcpTransport("unix", TCP.withTcp("", 0).withUnixSocket(socket)));
        }
        return transports;
    }

    void close() {
        mirrors.close();
        transports.values().forEach(TcpTransport::close);
    }

    String execute(String[] words) throws StorageException {
        String image = words.length > 2 ? words[2] : "";
        String peer = words.length > 3 ? words[3] : "";
        switch (words[1]) {
            case "key":
                return mirrors.ownKey();
            case "addresses":
                return String.join(" ", mirrors.ownAddresses());
            case "peers":
                return mirrors.peers().toString().replace('\n', ' ');
            case "links":
                return Integer.toString(transports.values().stream()
                        .mapToInt(transport -> transport.status().links())
                        .sum());
            case "peer":
                return mirrors.addPeer(image, settings(peer, words)).toString();
            case "fingerprint":
                return transports.get(image).ownFingerprint().orElseThrow();
            case "local":
                return mirrors.addPeer(image, new PeerSettings(PeerSettings.LOCAL, "", "", "", true))
                        .toString();
            case "follow":
                return told(mirrors.enable(image, peer, new ReplicaOptions(words[4], 0, Map.of())));
            case "forget":
                mirrors.removePeer(image);
                return "";
            case "enable":
                Map<String, String> keys = new TreeMap<>();
                for (int i = 5; i < words.length; i++) {
                    keys.put(
                            words[i].substring(0, words[i].indexOf('=')),
                            words[i].substring(words[i].indexOf('=') + 1));
                }
                return told(mirrors.enable(
                        image,
                        peer,
                        new ReplicaOptions("", Durations.parse(words[4]).toNanos(), keys)));
            case "seed":
                return told(mirrors.enable(image, peer, new ReplicaOptions("", 0, Map.of(), true)));
            case "disable":
                return Boolean.toString(mirrors.disable(image, peer));
            case "status":
                return mirrors.status(image).stream().map(MirrorWiring::told).collect(Collectors.joining(" "));
            case "hold":
                return told(mirrors.hold(image));
            case "release":
                return told(mirrors.release(image));
            case "step":
                return told(
                        peer.indexOf(':') < 0
                                ? mirrors.step(image, Long.parseLong(peer))
                                : mirrors.step(image, Position.parse(peer)));
            case "delay":
                return told(mirrors.delay(image, Durations.parse(peer).toNanos()));
            case "promote":
                return told(mirrors.promote(image, false));
            case "promote!":
                return told(mirrors.promote(image, true));
            case "promote@":
                return told(mirrors.promoteAt(image, Position.parse(peer), true));
            case "demote":
                return mirrors.demote(image).toString();
            case "switch":
                return told(mirrors.switchOver(image, peer, WorkListener.QUIET));
            case "verify":
                return told(mirrors.verify(image, peer, WorkListener.QUIET));
            case "resync":
            case "resync!":
                return told(mirrors.resync(image, peer, words[1].endsWith("!")));
            case "full":
                return told(mirrors.resync(image, peer, GivenUp.REFUSED, true));
            case "lose":
                return told(mirrors.resync(image, peer, GivenUp.LOST));
            case "bandwidth":
                transports.get(PeerSettings.TCP).apply(bandwidth(Long.parseLong(image)));
                return "";
            case "copies":
                mirrors.copies(Integer.parseInt(image), Long.parseLong(peer));
                return "";
            case "splits":
                return mirrors.splits(image).toString().replace('\n', ' ');
            case "branches":
                return mirrors.keptBranches().stream().map(KeptBranch::name).collect(Collectors.joining(" "));
            case "discard":
                mirrors.discardBranch(image);
                return "";
            default:
                throw new IllegalArgumentException("unknown order " + words[1]);
        }
    }

    private static TcpSettings bandwidth(long bytesPerSecond) {
        TcpSettings.Limits limits = TCP.limits();
        return TCP.withLimits(new TcpSettings.Limits(
                limits.maxLinks(),
                limits.windowBytes(),
                limits.sendBytes(),
                bytesPerSecond,
                limits.compression(),
                limits.workerThreads()));
    }

    private static PeerSettings settings(String address, String[] words) {
        String reached = address.equals("-") ? "" : address;
        return words.length > 5
                ? new PeerSettings(words[5], reached, words.length > 6 ? words[6] : "", words[4], true)
                : PeerSettings.of(reached, words[4]);
    }

    private static String told(Promotion promotion) {
        return promotion.toString().replace('\n', ' ');
    }

    private static String told(Verification verification) {
        return verification.toString().replace('\n', ' ');
    }

    private static String told(MirrorStatus status) {
        return Stream.of(
                        "role=" + status.role(),
                        "state=" + status.state(),
                        "consistency=" + status.consistency().map(Enum::name).orElse("-"),
                        "durable=" + status.marks().durable(),
                        "received=" + status.marks().received(),
                        "head=" + status.marks().head(),
                        "replayed=" + status.marks().replayed(),
                        "lag=" + status.lag().events(),
                        "copyLeftNanos="
                                + status.copy()
                                        .map(MirrorStatus.Copy::leftNanos)
                                        .orElse(-1L),
                        "held=" + status.heldAt().map(Object::toString).orElse("-"),
                        "words=" + status.words().replace(' ', '_'),
                        "trouble=" + status.trouble().replace(' ', '_').replace('\n', '_'))
                .collect(Collectors.joining(" "));
    }
}
