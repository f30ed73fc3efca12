package io.tidemark.api.admin;

import java.util.Locale;
import java.util.Objects;

/**
 * A configuration that is refused, so that what it configures is not there. Whoever refuses it registers this as an OSGi service
 * for as long as that lasts, in place of the service that it would offer; people then find it where they look for what is
 * missing: in the lists of pools and images. Without it a refusal stood in the log only.
 *
 * @param sort what it would have configured
 * @param name of that, as other configurations use it
 * @param origin where the configuration lies, for people: a file or a PID
 * @param reason begins with the key that is wrong, and says what to do
 */
public record RefusedConfiguration(Sort sort, String name, String origin, String reason) {
    /** What a configuration is for. */
    public enum Sort {
        /** An image pool, as {@link io.tidemark.api.image.ImageStore} services offer. */
        IMAGE_POOL,
        /** A journal pool, as {@link io.tidemark.api.journal.JournalStore} services offer. */
        JOURNAL_POOL,
        /** Something that there is once for a node, and that concerns all of its images. */
        NODE;

        /**
         * What people call it.
         *
         * @return {@code image}, {@code journal} or {@code node}
         */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace("_pool", "");
        }
    }

    /** Checks for nulls. */
    public RefusedConfiguration {
        Objects.requireNonNull(sort, "sort");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(origin, "origin");
        Objects.requireNonNull(reason, "reason");
    }

    /**
     * The refusal in one line.
     *
     * @return as in {@code refused: reserve: 'much' is no size (etc/io.tidemark.image.file-fast.cfg)}
     */
    public String line() {
        return "refused: " + reason + " (" + origin + ")";
    }
}
