package io.tidemark.api.commit;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Chooses the rule by which writes to an image are acknowledged. Registered as an OSGi service with the property
 * {@link #POLICY}. Asked when it is bound and when the image's configuration or a peer's state changes, never on the
 * write path, with a time-out; silence, an exception or absence means {@link CommitRule#JOURNAL}.
 */
@ConsumerType
@FunctionalInterface
public interface CommitPolicy {
    /** Service property: the policy's name, as image configurations use it. */
    String POLICY = "tidemark.policy";

    /**
     * Answers with the rule for a situation.
     *
     * @param situation what is the case now
     * @return the rule; never null
     */
    CommitRule rule(CommitSituation situation);
}
