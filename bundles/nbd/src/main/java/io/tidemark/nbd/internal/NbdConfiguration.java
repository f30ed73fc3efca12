package io.tidemark.nbd.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Keys of {@code etc/io.tidemark.nbd.cfg}, for tools that show them. {@link Settings} reads them. */
@ObjectClassDefinition(name = "Tidemark NBD server", description = "How NBD clients reach the images of this node.")
public @interface NbdConfiguration {
    /** TCP address. */
    @AttributeDefinition(
            required = false,
            description =
                    "Address to listen on for TCP. Empty: no TCP. Not given: framework property tidemark.nbd.host.")
    String host() default "127.0.0.1";

    /** TCP port. */
    @AttributeDefinition(
            required = false,
            description = "TCP port; 0 lets the system choose. Not given: framework property tidemark.nbd.port.")
    int port() default 10809;

    /** Unix socket. */
    @AttributeDefinition(
            required = false,
            description = "Path of a Unix socket to listen on too, at most 107 bytes; a relative one lies in the node's"
                    + " data directory. Empty: none.")
    String unixSocket() default "";

    /** TLS. */
    @AttributeDefinition(
            required = false,
            description = "off; optional: clients choose; required: nothing is served without.")
    String tls() default "off";

    /** Certificate. */
    @AttributeDefinition(
            required = false,
            description =
                    "PEM file with the server's certificate chain, or a PKCS #12 file (.p12, .pfx) with the key too.")
    String tlsCertificate() default "";

    /** Key. */
    @AttributeDefinition(
            required = false,
            description = "PEM file with the private key, not encrypted. Empty: it is in the certificate's file.")
    String tlsKey() default "";

    /** Password. */
    @AttributeDefinition(
            required = false,
            description = "File that holds the password of the PKCS #12 file, and nothing else.")
    String tlsPasswordFile() default "";

    /** Authority. */
    @AttributeDefinition(
            required = false,
            description =
                    "PEM file with the certificates that sign clients' certificates. With TLS on, it is refused where"
                            + " tlsClientCertificates is none.")
    String tlsClientAuthority() default "";

    /** Client certificates. */
    @AttributeDefinition(
            required = false,
            description =
                    "Of clients that use TLS: none; optional: checked where a client shows one; required: none gets in"
                            + " without. With tls = optional, clients without TLS are asked for none.")
    String tlsClientCertificates() default "none";

    /** TLS-only exports. */
    @AttributeDefinition(
            required = false,
            description = "Images that clients without TLS do not see, separated by commas, where tls is optional.")
    String tlsOnlyExports() default "";

    /** Default export. */
    @AttributeDefinition(
            required = false,
            description = "Image for clients that name none. Empty: the only image, where there is only one.")
    String defaultExport() default "";

    /** Listing. */
    @AttributeDefinition(required = false, description = "Whether clients may list images.")
    boolean list() default true;

    /** Connections. */
    @AttributeDefinition(
            required = false,
            description = "Most connections at the same time; each takes about half a MiB of memory.")
    int maxConnections() default 64;

    /** Requests. */
    @AttributeDefinition(required = false, description = "Most requests in flight for one connection.")
    int maxRequests() default 512;

    /** Readers. */
    @AttributeDefinition(
            required = false,
            description = "Threads that read where an image is on a slow disk, for all its connections together.")
    int readerThreads() default 32;

    /** Negotiation. */
    @AttributeDefinition(required = false, description = "How long a client may negotiate.")
    String negotiationTimeout() default "30s";

    /** Stall. */
    @AttributeDefinition(
            required = false,
            description =
                    "How long a client may stop in the middle of a request, and be waited for in all while it sends 1 MiB.")
    String stallTimeout() default "60s";

    /** Closing. */
    @AttributeDefinition(
            required = false,
            description = "How long requests in flight have when the server stops; at most 3s.")
    String closeTimeout() default "3s";
}
