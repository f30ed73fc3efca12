package io.tidemark.api.commit;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Chooses the rule by which writes to an image are acknowledged. Registered as an OSGi service with the property
 * {@link #POLICY}. Asked when it is bound and when the image's configuration or a peer's state changes, and again every few
 * seconds as long as it has given no answer; never on the write path, and with a time-out. Until it answers, or while it throws
 * or is absent, the rule is {@link CommitRule#JOURNAL}. May be asked by several threads at once, for one image or several.
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
