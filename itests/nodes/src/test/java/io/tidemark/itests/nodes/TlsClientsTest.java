package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.itests.nodes.harness.Command;
import io.tidemark.itests.nodes.harness.Outcome;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.harness.Tool;
import io.tidemark.itests.nodes.node.KarafNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Real clients, which bring GnuTLS, and a node that lets nobody in without TLS and a certificate. */
@Tag("karaf")
@ExtendWith(ScratchExtension.class)
class TlsClientsTest {
    private static final int IMAGE_BYTES = 16 << 20;

    private final long seed = Seeds.choose("TlsClientsTest");

    @Test
    void clientsWithACertificateGetInAndNobodyElse(Scratch scratch) throws IOException {
        Path keys = certificates(scratch);
        KarafNode node = KarafNode.create(scratch);
        Files.write(
                Files.createDirectories(node.data().resolve("etc")).resolve("io.tidemark.nbd.cfg"),
                List.of(
                        "tls = required",
                        "tlsCertificate = " + keys.resolve("server-cert.pem"),
                        "tlsKey = " + keys.resolve("server-key.pem"),
                        "tlsClientCertificates = required",
                        "tlsClientAuthority = " + keys.resolve("ca-cert.pem")));
        node.start();
        node.tm("image:create", "disk", Integer.toString(IMAGE_BYTES)).ok();
        int port = ((InetSocketAddress) node.address()).getPort();
        String uri = "nbds://localhost:" + port + "/disk?tls-certificates=";

        Command.of(scratch, Tool.NBDINFO, "--is", "tls", uri + keys).run().ok();
        libnbdCopiesBothWays(scratch, uri + keys);
        qemuConvertsAndCompares(scratch, port, keys);

        Path authorityOnly = Files.createDirectory(keys.resolve("authority"));
        Files.copy(keys.resolve("ca-cert.pem"), authorityOnly.resolve("ca-cert.pem"));
        Command.of(scratch, Tool.NBDINFO, "--size", uri + authorityOnly).run().fails();
        Command.of(scratch, Tool.NBDINFO, "--size", "nbd://localhost:" + port + "/disk")
                .run()
                .fails();
        Command.of(scratch, Tool.NBDINFO, "--size", uri + keys).run().ok();
    }

    private void libnbdCopiesBothWays(Scratch scratch, String uri) throws IOException {
        Path there = randomFile(scratch, 1);
        Path back = scratch.newFile("back.img");
        Command.of(scratch, Tool.NBDCOPY, "--connections=4", "--threads=4", "--flush", there.toString(), uri)
                .run()
                .ok();
        Command.of(scratch, Tool.NBDCOPY, "--connections=4", "--threads=4", uri, back.toString())
                .run()
                .ok();
        assertEquals(-1, Files.mismatch(there, back), "the copy differs from its origin");
    }

    private void qemuConvertsAndCompares(Scratch scratch, int port, Path keys) throws IOException {
        String there = "driver=raw,file.driver=file,file.filename=" + randomFile(scratch, 2);
        String image = "driver=nbd,host=localhost,port=" + port + ",export=disk,tls-creds=tls";
        String credentials = "tls-creds-x509,id=tls,endpoint=client,dir=" + keys;
        qemuImg(scratch, "convert", "-n", "--object", credentials, "--image-opts", "--target-image-opts", there, image);
        qemuImg(scratch, "compare", "--object", credentials, "--image-opts", there, image)
                .says("Images are identical");
    }

    private static Outcome qemuImg(Scratch scratch, String... arguments) {
        return Command.of(scratch, Tool.QEMU_IMG, arguments).run().ok();
    }

    private Path randomFile(Scratch scratch, int stream) throws IOException {
        byte[] bytes = new byte[IMAGE_BYTES];
        Seeds.random(seed, stream).nextBytes(bytes);
        return Files.write(scratch.newFile("random.img"), bytes);
    }

    /** An authority and what it signs, under the names that libnbd and QEMU look for. */
    private static Path certificates(Scratch scratch) throws IOException {
        Path keys = scratch.newDirectory("keys");
        Path extensions = keys.resolve("extensions");
        Files.writeString(
                extensions,
                "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment\n"
                        + "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
        String authority = keys.resolve("ca-cert.pem").toString();
        String authorityKey = keys.resolve("ca-key.pem").toString();
        openssl(scratch, "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority", authorityKey, authority);
        for (String name : List.of("server", "client")) {
            String request = keys.resolve(name + ".csr").toString();
            openssl(
                    scratch,
                    "req -newkey rsa:2048 -nodes -subj /CN=" + name,
                    keys.resolve(name + "-key.pem").toString(),
                    request);
            Command.of(scratch, Tool.OPENSSL, "x509", "-req", "-days", "2", "-CAcreateserial", "-in", request)
                    .with("-CA", authority, "-CAkey", authorityKey, "-extfile", extensions.toString())
                    .with("-out", keys.resolve(name + "-cert.pem").toString())
                    .run()
                    .ok();
        }
        return keys;
    }

    private static void openssl(Scratch scratch, String arguments, String key, String out) {
        Command.of(scratch, Tool.OPENSSL, arguments.split(" "))
                .with("-keyout", key, "-out", out)
                .run()
                .ok();
    }
}
