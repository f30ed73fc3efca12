package io.tidemark.engine.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * Keys of {@code etc/io.tidemark.image-NAME.cfg}, for tools that show and check configurations. The engine reads and checks
 * them itself, because a configuration that it refuses has to be shown and not to vanish.
 */
@ObjectClassDefinition(
        factoryPid = EngineComponent.IMAGE_PID,
        name = "Tidemark image",
        description = "What is wished of an image. Removing the configuration closes the image; its data stays.")
@interface ImageSettingsDefinition {
    @AttributeDefinition(required = false, description = "Name of the image; the name in the file's name unless set.")
    String name() default "";

    @AttributeDefinition(
            required = false,
            description = "Size, as in 10G. Counts only when the image is made; later use image:resize.")
    String size() default "";

    @AttributeDefinition(required = false, description = "A line for people.")
    String description() default "";

    @AttributeDefinition(required = false, description = "Image pool.")
    String pool() default "default";

    @AttributeDefinition(required = false, description = "Journal pool.")
    String journalPool() default "default";

    @AttributeDefinition(
            required = false,
            description = "Block that clients are told to prefer: a power of two from 512 to 64KiB. Counts only when"
                    + " the image is made.")
    String blockSize() default "4KiB";

    @AttributeDefinition(
            required = false,
            description = "Commit policy: when a write is acknowledged (journal, journal+image, volatile,"
                    + " replica-arrived, replica-durable).")
    String commit() default "journal";

    @AttributeDefinition(
            required = false,
            description = "How many replicas the policies replica-arrived and replica-durable wait for, 1 to 16.")
    String peer_count() default "1";

    @AttributeDefinition(
            required = false,
            description = "What they do while fewer are linked and keep up: hold (writes wait), fail, or journal"
                    + " (writes are acknowledged by this node alone, with a warning).")
    String peer_missing() default "hold";

    @AttributeDefinition(
            required = false,
            description = "So long they wait for replicas before these count as missing.")
    String peer_timeout() default "5s";

    @AttributeDefinition(
            required = false,
            description = "What becomes of a replica that is behind by more than peer.slow.size or peer.slow.age: hold"
                    + " (the journal keeps what it lacks), warn (so too, with a warning), or expire (what it lacks may be"
                    + " trimmed, and it has to be copied anew).")
    String peer_slow() default "hold";

    @AttributeDefinition(
            required = false,
            description = "A replica is slow when it lacks more than so much of the journal, to some segments; at most"
                    + " half of journal.limit.")
    String peer_slow_size() default "";

    @AttributeDefinition(
            required = false,
            description = "A replica is slow when it lacks an event for longer than this.")
    String peer_slow_age() default "";

    @AttributeDefinition(
            required = false,
            description =
                    "What a replica's journal keeps: on (what trim says) or off (only what its image does not have yet; it"
                            + " can be neither delayed nor held, and nothing can follow it).")
    String relay() default "on";

    @AttributeDefinition(
            required = false,
            description =
                    "What a primary with replicas does that starts, when these do not say in time whether one of them"
                            + " was promoted meanwhile: wait (writes are held until they do), or serve.")
    String peer_ask() default "serve";

    @AttributeDefinition(
            required = false,
            description = "So long a primary that starts holds writes for their answer; 0s does not ask.")
    String peer_ask_timeout() default "30s";

    @AttributeDefinition(
            required = false,
            description = "Trim strategies, separated by commas (age, size, client-progress): what of the journal is"
                    + " kept beyond what the image needs. Their own keys begin with trim., as in trim.age = 1h.")
    String trim() default "";

    // These keys are the trim strategies' own, which the engine asks for them (StrategyCheck) and does not know. They
    // are described here, because whoever shows a configuration takes the first description of its PID that a bundle
    // has: of two, one would hide the other's keys.
    @AttributeDefinition(
            required = false,
            description = "What the trim strategy age keeps: events younger than this, as 1h.")
    String trim_age() default "";

    @AttributeDefinition(
            required = false,
            description = "What the trim strategy size keeps: so much of the newest, as 1GiB; at most three quarters of"
                    + " journal.limit.")
    String trim_size() default "";

    @AttributeDefinition(
            required = false,
            description =
                    "After how long a silence the trim strategy client-progress tells of a reader of the journal, as"
                            + " 7d; empty for never.")
    String trim_client_expire() default "";

    @AttributeDefinition(required = false, description = "Most space that the journal takes in its pool.")
    String journal_limit() default "4GiB";

    @AttributeDefinition(
            required = false,
            description = "Part of the journal's limit from which on a warning is shown.")
    String journal_warn() default "80%";

    @AttributeDefinition(
            required = false,
            description = "What happens to writes while the journal is full: hold (they wait) or fail.")
    String journal_full() default "hold";

    @AttributeDefinition(
            required = false,
            description = "Most bytes of events that may be durable and not yet applied, which bounds the replay"
                    + " after a crash. The more, the more overwritten data never gets to the image."
                    + " At most half of journal.limit, which is the default with a small one.")
    String backlog_limit() default "1GiB";

    @AttributeDefinition(
            required = false,
            description = "Most entries of the index of what is not applied yet, some 48 bytes of heap each.")
    String backlog_entries() default "1048576";

    @AttributeDefinition(
            required = false,
            description =
                    "Most payload memory that the image keeps, of payload.capacity in io.tidemark.engine. As much as"
                            + " backlog.limit, or as twice the image's size, and nothing has to be read back from the"
                            + " journal.")
    String payload_limit() default "64MiB";

    @AttributeDefinition(
            required = false,
            description = "A checkpoint is written when so many bytes were applied since the last one; at most an"
                    + " eighth of journal.limit, which is the default with a small one.")
    String checkpoint_bytes() default "256MiB";

    @AttributeDefinition(
            required = false,
            description = "And when so long has passed since the last one and anything was applied.")
    String checkpoint_interval() default "10s";

    @AttributeDefinition(
            required = false,
            description = "So long without a write, and what is durable is applied at once.")
    String apply_idle() default "50ms";

    @AttributeDefinition(
            required = false,
            description = "So long clients wait while a store is missing; after that their requests fail.")
    String suspend_timeout() default "10m";
}
