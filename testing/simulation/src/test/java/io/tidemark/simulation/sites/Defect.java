package io.tidemark.simulation.sites;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.Watermark;
import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.commit.policies.CommitPolicies;
import io.tidemark.faults.ForwardingJournal;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What the simulation of sites has to find: each is planted between parts that are themselves sound. */
enum Defect {
    /** All is sound. */
    NONE,

    /** What has arrived is reported as received before the relay has it for good. */
    ACKNOWLEDGES_BEFORE_THE_RELAY_IS_DURABLE {
        @Override
        ReplicaManager replicas(String site, ReplicaManager sound, Set<String> memory) {
            return new ReplicasOver(sound) {
                @Override
                public Replica receive(String image) throws StorageException {
                    return new ReplicaOver(super.receive(image)) {
                        @Override
                        public ReplicaProgress progress() {
                            ReplicaProgress now = super.progress();
                            return new ReplicaProgress(
                                    now.arrived(),
                                    now.arrived(),
                                    now.head(),
                                    now.replayed(),
                                    now.receivedTimeNanos(),
                                    now.headTimeNanos(),
                                    now.order(),
                                    now.consistency(),
                                    now.nextOffset());
                        }
                    };
                }
            };
        }
    },

    /** What is durable here is acknowledged, where it is to be durable at replicas. */
    ACKNOWLEDGES_WITHOUT_REPLICAS {
        @Override
        CommitPolicy policy(String name, CommitPolicy sound) {
            return name.equals(CommitPolicies.REPLICA_DURABLE) ? withoutReplicas(sound) : sound;
        }
    },

    /** What is durable here is acknowledged, where it is to have arrived at replicas. */
    ACKNOWLEDGES_BEFORE_IT_ARRIVES {
        @Override
        CommitPolicy policy(String name, CommitPolicy sound) {
            return name.equals(CommitPolicies.REPLICA_ARRIVED) ? withoutReplicas(sound) : sound;
        }
    },

    /** Who is promoted gives up what it has received and its head has not passed. */
    PROMOTES_AT_ITS_HEAD {
        @Override
        ReplicaManager replicas(String site, ReplicaManager sound, Set<String> memory) {
            return new ReplicasOver(sound) {
                @Override
                public ImageFacts promote(String image) throws StorageException {
                    ImageFacts facts = super.facts(image);
                    long head = facts.replica().head();
                    Epoch of = facts.epochs().stream()
                            .filter(epoch -> epoch.firstSequence() <= head)
                            .reduce((before, after) -> after)
                            .orElse(null);
                    return of == null ? super.promote(image) : super.promoteAt(image, new Position(of.number(), head));
                }
            };
        }
    },

    /** A new link forgets that the head is held. */
    REPLAYS_PAST_A_HOLD {
        @Override
        ReplicaManager replicas(String site, ReplicaManager sound, Set<String> memory) {
            return new ReplicasOver(sound) {
                @Override
                public Replica receive(String image) throws StorageException {
                    Replica receiving = super.receive(image);
                    if (receiving.progress().order() instanceof HeadOrder.Hold) {
                        order(image, HeadOrder.LIVE);
                    }
                    return receiving;
                }
            };
        }
    },

    /** Who is promoted goes on in the epoch of the primary before. */
    REUSES_AN_EPOCH {
        @Override
        Journal journal(String site, Journal sound) {
            return new ForwardingJournal(sound) {
                @Override
                public void startEpoch(Epoch epoch) throws StorageException {
                    List<Epoch> before = epochs();
                    boolean promotes = epoch.owner().equals(site)
                            && !before.isEmpty()
                            && !before.get(before.size() - 1).owner().equals(site);
                    if (!promotes) {
                        super.startEpoch(epoch);
                    }
                }
            };
        }
    },

    /** The first event behind a new link is dropped, and what follows takes its place. */
    SKIPS_AN_EVENT_AFTER_RECONNECT {
        @Override
        ReplicaManager replicas(String site, ReplicaManager sound, Set<String> memory) {
            return new ReplicasOver(sound) {
                @Override
                public Replica receive(String image) throws StorageException {
                    Replica receiving = super.receive(image);
                    return memory.add(site) ? receiving : new Skipping(receiving);
                }
            };
        }
    },

    /** The journal gives up for every peer what is durable here, whatever the peer has. */
    TRIMS_BEFORE_A_PEER_HAS_IT {
        @Override
        Journal journal(String site, Journal sound) {
            return new ForwardingJournal(sound) {
                @Override
                public void putClient(JournalClient client) throws StorageException {
                    super.putClient(atEnd(client));
                }

                @Override
                public boolean replaceClient(JournalClient before, JournalClient after) throws StorageException {
                    return super.replaceClient(before, atEnd(after));
                }

                private JournalClient atEnd(JournalClient client) {
                    List<Epoch> epochs = epochs();
                    Position end = new Position(epochs.get(epochs.size() - 1).number(), durable());
                    return new JournalClient(
                            client.id(), client.description(), end, client.state(), client.seenNanos());
                }
            };
        }
    };

    /**
     * The replicas that a site's mirror uses.
     *
     * @param site name
     * @param sound the real ones
     * @param memory of the whole run
     * @return the same, or broken ones
     */
    ReplicaManager replicas(String site, ReplicaManager sound, Set<String> memory) {
        return sound;
    }

    /**
     * A policy that waits for replicas.
     *
     * @param name of the policy
     * @param sound the real one
     * @return the same, or another one
     */
    CommitPolicy policy(String name, CommitPolicy sound) {
        return sound;
    }

    private static CommitPolicy withoutReplicas(CommitPolicy sound) {
        return situation -> {
            CommitRule rule = sound.rule(situation);
            return new CommitRule(
                    rule.name(),
                    Watermark.DURABLE,
                    Watermark.DURABLE,
                    0,
                    CommitRule.MissingPeers.JOURNAL,
                    rule.writeCache());
        };
    }

    /**
     * The journal that a site's engine and mirror use.
     *
     * @param site name
     * @param sound the real one
     * @return the same, or a broken one
     */
    Journal journal(String site, Journal sound) {
        return sound;
    }

    /** A new memory of a run. */
    static Set<String> memory() {
        return new HashSet<>();
    }

    private static final class Skipping extends ReplicaOver {
        private int skipped;

        Skipping(Replica below) {
            super(below);
        }

        @Override
        public void startEpoch(Epoch epoch) throws StorageException {
            super.startEpoch(epoch.from(epoch.firstSequence() - skipped));
        }

        @Override
        public boolean offer(EventHeader header, ByteBuffer body) throws StorageException {
            if (skipped == 0) {
                skipped = 1;
                return true;
            }
            Position at = header.position();
            return super.offer(
                    new EventHeader(
                            new Position(at.epoch(), at.sequence() - 1),
                            header.kind(),
                            header.flags(),
                            header.timeNanos(),
                            header.offset(),
                            header.length(),
                            header.bodyLength()),
                    body);
        }
    }
}
