package io.tidemark.transport.tcp.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Keys of {@code etc/io.tidemark.transport.tcp-NAME.cfg}, for tools that show them. {@link Settings} reads them. */
@ObjectClassDefinition(
        name = "Tidemark TCP transport",
        description = "Links to other nodes over TCP and Unix sockets, for replicas.")
public @interface TcpConfiguration {
    /** Name. */
    @AttributeDefinition(
            required = false,
            description = "Name of the transport, as peers' settings use it: letters, digits, dots, dashes.")
    String transport() default "tcp";

    /** TCP address. */
    @AttributeDefinition(
            required = false,
            description =
                    "Address to listen on for TCP. Empty: no TCP. Not given: framework property tidemark.tcp.host.")
    String host() default "127.0.0.1";

    /** TCP port. */
    @AttributeDefinition(
            required = false,
            description = "TCP port; 0 lets the system choose. Not given: framework property tidemark.tcp.port.")
    int port() default 10810;

    /** Unix socket. */
    @AttributeDefinition(
            required = false,
            description = "Path of a Unix socket to listen on too, at most 107 bytes; a relative one lies in the node's"
                    + " data directory. Empty: none.")
    String unixSocket() default "";

    /** TLS. */
    @AttributeDefinition(
            required = false,
            description = "off; or required: every link is under TLS, with certificates of both nodes.")
    String tls() default "off";

    /** Certificate. */
    @AttributeDefinition(
            required = false,
            description =
                    "PEM file with this node's certificate chain, or a PKCS #12 file (.p12, .pfx) with the key too.")
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
            description = "PEM file with the certificates that sign peers' certificates. Empty: peers are known by the"
                    + " fingerprints of their certificates alone.")
    String tlsAuthority() default "";

    /** Links. */
    @AttributeDefinition(required = false, description = "Most links at the same time that peers opened.")
    int maxLinks() default 64;

    /** Window. */
    @AttributeDefinition(
            required = false,
            description = "Memory of each link for what was received and is not worked off, 4MiB to 1GiB.")
    String window() default "8MiB";

    /** Send buffer. */
    @AttributeDefinition(
            required = false,
            description = "Memory of each link for what is to be sent and is not, 4MiB to 1GiB.")
    String sendBuffer() default "4MiB";

    /** Bandwidth. */
    @AttributeDefinition(
            required = false,
            description = "Most bytes per second that all links together send; 0 for no bound.")
    String bandwidth() default "0";

    /** Compression. */
    @AttributeDefinition(
            required = false,
            description = "off; adaptive: while the network is what is waited for, and it helps; always.")
    String compression() default "adaptive";

    /** Workers. */
    @AttributeDefinition(required = false, description = "Threads for TLS and compression, for all links together.")
    int workerThreads() default 2;

    /** Negotiation. */
    @AttributeDefinition(
            required = false,
            description = "How long a link may take to come to be: name, connection, TLS and greeting.")
    String negotiationTimeout() default "10s";

    /** Ping. */
    @AttributeDefinition(required = false, description = "How often each side of a link sends a ping.")
    String pingInterval() default "5s";

    /** Dead peers. */
    @AttributeDefinition(
            required = false,
            description = "A peer from which nothing came for so long is dead; at least twice the pingInterval.")
    String deadAfter() default "20s";
}
