package io.tidemark.engine.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Keys of {@code etc/io.tidemark.engine.cfg}. */
@ObjectClassDefinition(
        name = "Tidemark engine",
        description = "What the images of a node share. Changes take effect at the next start.")
public @interface EngineSettings {
    /** Name of the node. */
    @AttributeDefinition(
            description =
                    "Name of the node, as journals name who wrote them; empty for what the node was started with.")
    String node() default "";

    /** Bound for payload memory. */
    @AttributeDefinition(
            description = "Most memory for the payload of writes that are under way or not applied yet, of all images,"
                    + " at least 4MiB. It lies outside the heap: -XX:MaxDirectMemorySize has to be larger, or the"
                    + " value is refused.")
    String payload_capacity() default "128MiB";

    /** Bound for stopping. */
    @AttributeDefinition(
            description = "So long a stopping node waits for the last checkpoints, as in 60s. What is not"
                    + " checkpointed by then is replayed from the journals at the next start.")
    String stop_timeout() default "60s";
}
