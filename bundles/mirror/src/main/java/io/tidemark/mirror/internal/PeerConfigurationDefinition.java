package io.tidemark.mirror.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * Keys of {@code etc/io.tidemark.mirror.peer-NAME.cfg}, for tools that show and check configurations. The mirror reads them
 * itself, because a configuration that it refuses has to be shown and not to vanish.
 */
@ObjectClassDefinition(
        factoryPid = "io.tidemark.mirror.peer",
        name = "Tidemark peer",
        description = "Another node to mirror with. Removing the configuration ends the link.")
@interface PeerConfigurationDefinition {
    @AttributeDefinition(required = false, description = "Name of the peer; the name in the file's name unless set.")
    String name() default "";

    @AttributeDefinition(
            required = false,
            description = "Name of the transport that reaches it; local when it is this node itself.")
    String transport() default "tcp";

    @AttributeDefinition(
            required = false,
            description = "Where it is reached: HOST:PORT, [IPV6]:PORT or unix:PATH. Empty: it opens the links.")
    String address() default "";

    @AttributeDefinition(
            required = false,
            description =
                    "TLS certificate that it must show, sha256: and 64 digits. Empty: any that the transport trusts.")
    String fingerprint() default "";

    @AttributeDefinition(
            required = false,
            description = "Its public key, as mirror:key shows it there. Empty: the first one that shows up at the"
                    + " address is trusted, and written here.")
    String key() default "";

    @AttributeDefinition(required = false, description = "Whether it may place replicas of its images on this node.")
    boolean mayPlace() default true;

    @AttributeDefinition(
            required = false,
            description = "Images of this node that it may have, separated by commas; NAME:THERE where the name differs"
                    + " there. mirror:enable and mirror:disable keep this.")
    String images() default "";
}
