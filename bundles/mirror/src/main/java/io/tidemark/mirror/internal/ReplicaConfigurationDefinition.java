package io.tidemark.mirror.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * Keys of {@code etc/io.tidemark.mirror.replica-IMAGE.cfg}, for tools that show and check configurations. The mirror reads them
 * itself, as those of peers.
 */
@ObjectClassDefinition(
        factoryPid = "io.tidemark.mirror.replica",
        name = "Tidemark replica",
        description =
                "An image that follows one of a peer. Removing the configuration ends the following; the image stays.")
@interface ReplicaConfigurationDefinition {
    @AttributeDefinition(required = false, description = "Name of the image; the name in the file's name unless set.")
    String name() default "";

    @AttributeDefinition(description = "Name of the peer that it comes from.")
    String peer() default "";

    @AttributeDefinition(required = false, description = "Its name there; the same as here unless set.")
    String image() default "";

    @AttributeDefinition(
            required = false,
            description =
                    "How far behind its source the image stays, in the source's time, as in 1h; 0s for real time.")
    String delay() default "0s";

    @AttributeDefinition(
            required = false,
            description =
                    "Identity of the image of this name that is given up for the replica: its bytes are compared, and only what"
                            + " differs is copied. mirror:enable --seed writes it; without effect once that is done.")
    String seed() default "";

    @AttributeDefinition(
            required = false,
            description =
                    "Journal pool of this node in which the source's journal lies, too, because both nodes share it: the"
                            + " replica reads that journal itself then. Empty: everything comes over the link.")
    String shared() default "";
}
