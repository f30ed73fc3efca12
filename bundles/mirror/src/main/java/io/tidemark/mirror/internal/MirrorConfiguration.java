package io.tidemark.mirror.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Keys of {@code etc/io.tidemark.mirror.cfg}, for tools that show them. {@link Settings} reads them. */
@ObjectClassDefinition(
        pid = MirrorComponent.PID,
        name = "Tidemark mirror",
        description =
                "What all replicas of a node share. Changes of copies and copyRate take effect at once, of the others"
                        + " at the next start.")
@interface MirrorConfiguration {
    @AttributeDefinition(
            required = false,
            description =
                    "File with the key by which peers know this node, made when it is missing; nobody else may read"
                            + " it. A relative path lies in the node's data directory.")
    String keyFile() default "mirror.key";

    @AttributeDefinition(required = false, description = "Images that are copied to peers at the same time.")
    int copies() default 2;

    @AttributeDefinition(
            required = false,
            description = "Most bytes per second that each copy takes, as in 50MiB; 0 for no bound.")
    String copyRate() default "0";

    @AttributeDefinition(
            required = false,
            description = "Memory for events that replicas here receive, of all together; each has at least 256KiB.")
    String receiveMemory() default "64MiB";

    @AttributeDefinition(
            required = false,
            description =
                    "Directory for branches of images that were given up by an order and are kept. A relative path lies"
                            + " in the node's data directory.")
    String branches() default "branches";

    @AttributeDefinition(
            required = false,
            description =
                    "Most space that these take together; an order that gives up more has to say that it is to be lost.")
    String keptBranches() default "4GiB";
}
