package io.tidemark.console.internal.command;

import java.util.List;

/** Which option of {@code image:create} sets which key of an image's configuration. The only place that knows. */
final class ImageKeys {
    /**
     * A key that has an option.
     *
     * @param key as in {@code etc/io.tidemark.image-NAME.cfg}
     * @param option as people type it
     */
    record Key(String key, Option option) {}

    static final List<Key> ALL = List.of(
            key("pool", "--pool", "POOL", "Image pool; without it the node's default.", Completions::imagePools),
            key(
                    "journalPool",
                    "--journal-pool",
                    "POOL",
                    "Journal pool; without it the node's default.",
                    Completions::journalPools),
            key(
                    "commit",
                    "--commit",
                    "POLICY",
                    "When a write is acknowledged: journal (durable in the journal, the default), journal+image, volatile.",
                    Completions::policies),
            key(
                    "trim",
                    "--trim",
                    "STRATEGY[,...]",
                    "What of the journal is kept beyond what the image needs: age, size, clients.",
                    Completions::strategies),
            key(
                    "blockSize",
                    "--block-size",
                    "SIZE",
                    "Block that clients are told to prefer: a power of two from 512 to 64K.",
                    Completions.words("512", "4K", "64K")),
            key(
                    "journalLimit",
                    "--journal-limit",
                    "SIZE",
                    "Most space that the journal takes in its pool.",
                    Completions::sizes),
            key(
                    "journalFull",
                    "--journal-full",
                    "hold|fail",
                    "What happens to writes while the journal is full: they wait, or they fail.",
                    Completions.words("hold", "fail")),
            key(
                    "backlogLimit",
                    "--backlog-limit",
                    "SIZE",
                    "Most data that may be in the journal and not yet in the image; it bounds replay after a crash.",
                    Completions::sizes));

    private ImageKeys() {}

    private static Key key(String key, String option, String value, String help, Completion completion) {
        return new Key(key, new Option(option, value, help, completion));
    }

    /**
     * What may stand behind {@code KEY=}.
     *
     * @param key of the configuration
     * @return its values, as far as they are known
     */
    static Completion values(String key) {
        return ALL.stream()
                .filter(one -> one.key().equals(key))
                .map(one -> one.option().completion())
                .findFirst()
                .orElse(Completion.NONE);
    }
}
