package io.tidemark.simulation;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.engine.image.Steps;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.journal.flash.internal.FlashSteps;
import java.nio.file.Path;
import java.util.function.Supplier;

/** Every defect that the simulation has to find. */
enum Breakages {
    /** The engine says that the journal was forced, and did not force it. */
    SKIPS_THE_JOURNALS_FORCE(() -> steps(new Steps() {
        @Override
        protected long forceJournal(Journal journal) {
            return journal.appender().appended();
        }
    })),

    /** Requests are answered when they are appended. */
    ACKNOWLEDGES_EARLY(() -> steps(new Steps() {
        @Override
        protected long acknowledgeUpTo(long durable, long appended) {
            return appended;
        }
    })),

    /** A failed force of the journal is taken for a good one. */
    IGNORES_A_FAILED_FORCE(() -> steps(new Steps() {
        @Override
        protected long forceJournal(Journal journal) {
            try {
                return super.forceJournal(journal);
            } catch (StorageException e) {
                return journal.appender().appended();
            }
        }
    })),

    /** What a process writes goes on in the epoch of the one before. */
    GOES_ON_IN_AN_OLD_EPOCH(() -> steps(new Steps() {
        @Override
        protected boolean startsEpoch() {
            return false;
        }
    })),

    /** One write in fifty never reaches the overlay, and so not the image. */
    FORGETS_A_WRITE(() -> steps(new Steps() {
        @Override
        protected boolean remembers(long offset, long length, long sequence) {
            return sequence % 50 != 17;
        }
    })),

    /** A batch reaches the image before the journal has it. */
    APPLIES_BEFORE_DURABLE(() -> steps(new Steps() {
        @Override
        protected boolean mayApply(long batchEnd, long durable) {
            return true;
        }
    })),

    /** A batch is no longer read from the overlay while it is being applied. */
    DROPS_THE_OVERLAY_EARLY(() -> steps(new Steps() {
        @Override
        protected boolean keepsBatchReadable() {
            return false;
        }
    })),

    /** The batch before is written once more on top of the newer one. */
    APPLIES_OUT_OF_ORDER(() -> steps(new Steps() {
        @Override
        protected boolean appliesInOrder() {
            return false;
        }
    })),

    /** A checkpoint without a force of the image. */
    SKIPS_THE_IMAGES_FORCE(() -> steps(new Steps() {
        @Override
        protected void forceImage(BlockImage image) {}
    })),

    /** Who waits for the image is answered before it is forced; the head, and so the journal, waits for the force. */
    ANSWERS_BEFORE_THE_IMAGES_FORCE(() -> steps(new Steps() {
        @Override
        protected void forceImage(BlockImage image) {}

        @Override
        protected void storeHead(BlockImage image, ImageHead head) throws StorageException {
            image.force();
            image.storeHead(head);
        }
    })),

    /** The head is stored before the image is forced, which comes some checkpoints later. */
    STORES_THE_HEAD_BEFORE_THE_FORCE(() -> steps(new Steps() {
        private int heads;

        @Override
        protected void forceImage(BlockImage image) {}

        @Override
        protected void storeHead(BlockImage image, ImageHead head) throws StorageException {
            image.storeHead(head);
            heads++;
            if (heads % 3 == 0) {
                image.force();
            }
        }
    })),

    /** The head names a later event than the image has. */
    STORES_THE_HEAD_TOO_FAR(() -> steps(new Steps() {
        @Override
        protected void storeHead(BlockImage image, ImageHead head) throws StorageException {
            Position at = head.checkpointed();
            image.storeHead(
                    head.at(new Position(at.epoch(), at.sequence() + 1), head.epochIdentity(), head.sizeBytes()));
        }
    })),

    /** The journal forgets what the next recovery needs. */
    TRIMS_TOO_FAR(() -> steps(new Steps() {
        @Override
        protected long trimUpTo(long asked, long floor) {
            return floor + 5;
        }
    })),

    /** The journal never forces its files. */
    JOURNAL_WITHOUT_FORCES(() -> forgetting(Operation.FORCE, "/journals")),

    /** The journal never forces its directories: segments and their names vanish. */
    JOURNAL_WITHOUT_DIRECTORY_FORCES(() -> forgetting(Operation.FORCE_DIRECTORY, "/journals")),

    /** The image's store never forces anything. */
    IMAGE_WITHOUT_FORCES(() -> forgetting(Operation.FORCE, "/images")),

    /** The journal does not look at the checksums of bodies. */
    IGNORES_CHECKSUMS(() -> new Breakage() {
        @Override
        public FlashSteps flashSteps() {
            return new FlashSteps() {
                @Override
                protected boolean bodyIsIntact(int expected, int found) {
                    return true;
                }
            };
        }
    }),

    /** A batch is called durable although one in front of it has not arrived. */
    PUBLISHES_OUT_OF_ORDER(() -> new Breakage() {
        @Override
        public FlashSteps flashSteps() {
            return new FlashSteps() {
                @Override
                protected boolean publishesInOrder() {
                    return false;
                }
            };
        }

        @Override
        public boolean caresForDamage() {
            return false;
        }
    }),

    /** Discards change nothing in the image. */
    LOSES_DISCARDS(() -> new Breakage() {
        @Override
        public BlockImage image(BlockImage image) {
            return new WithoutDiscards(image);
        }
    });

    private final Supplier<Breakage> maker;

    Breakages(Supplier<Breakage> maker) {
        this.maker = maker;
    }

    /** A new instance for one run. */
    Breakage make() {
        return maker.get();
    }

    private static Breakage steps(Steps broken) {
        return new Breakage() {
            @Override
            public Steps steps() {
                return broken;
            }
        };
    }

    private static Breakage forgetting(Operation operation, String below) {
        Path directory = Path.of(below);
        return new Breakage() {
            @Override
            public Verdict verdict(Operation called, Path path) {
                // Writing past the cache is durable by itself, so this file system cannot do it.
                boolean forgotten =
                        called == operation || operation == Operation.FORCE && called == Operation.WRITE_THROUGH;
                return forgotten && path.startsWith(directory) ? Verdict.SKIP : Verdict.PROCEED;
            }
        };
    }
}
