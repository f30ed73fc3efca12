package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.replica.Fence;

/** What an image answers when it cannot do what it was asked for. */
final class Failures {
    private Failures() {}

    static StorageException closed(String image) {
        return new StorageException(Reason.CLOSED, "image " + image + " is closed", "");
    }

    static StorageException stopped(String image) {
        return new StorageException(
                Reason.UNAVAILABLE, "image " + image + " stops before this request could be done", "try again later");
    }

    static StorageException unavailable(String image, String why) {
        return new StorageException(
                Reason.UNAVAILABLE, "image " + image + " is suspended: " + why, "try again when it serves");
    }

    static StorageException beyondEnd(String image, long offset, long length, long size) {
        return new StorageException(
                Reason.INVALID,
                "bytes " + offset + " to " + (offset + length) + " lie beyond the end of image " + image + " at "
                        + size,
                "stay below that; image:resize makes it larger");
    }

    static StorageException malformed(String image, String what) {
        return new StorageException(Reason.INVALID, "image " + image + ": " + what, "");
    }

    static StorageException readOnly(String image) {
        return new StorageException(
                Reason.READ_ONLY, "image " + image + " is a replica", "write to its primary, or promote it");
    }

    static StorageException fenced(String image, Fence fence) {
        return new StorageException(
                Reason.READ_ONLY,
                "image " + image + " is " + fence + ": it was taken over there",
                "decide which one stays: mirror:demote or mirror:resync here, or mirror:resync at " + fence.peer()
                        + "; journal:export keeps what only this one has");
    }

    static StorageException journalFull(String image) {
        return new StorageException(
                Reason.JOURNAL_FULL,
                "the journal of image " + image + " is full, and it is configured to fail writes then",
                "raise its limit or let what keeps it go on");
    }

    static StorageException peersMissing(String image, String why) {
        return new StorageException(
                Reason.IO,
                "image " + image + " is configured to fail writes while replicas are missing: " + why,
                "bring the replicas back");
    }

    static StorageException noSpaceForWrite(String image) {
        return new StorageException(
                Reason.NO_SPACE,
                "the pool of image " + image + " has no space for a write, and it is configured to fail writes then",
                "make space in the pool");
    }

    static StorageException imageFull(String image) {
        return new StorageException(
                Reason.NO_SPACE,
                "the pool of image " + image + " has no space for what its journal holds",
                "make space; everything acknowledged is in the journal");
    }

    /** Something that a store is to do. */
    interface Attempt {
        void run() throws StorageException;
    }

    /**
     * Has a store do something. Whatever comes of it is for the caller to go on with, lack of memory too: he has to take back
     * what others wait for.
     *
     * @return null when it is done
     */
    static StorageException attempt(String image, String doing, Attempt attempt) {
        try {
            attempt.run();
            return null;
        } catch (StorageException e) {
            return e;
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            return unexpected(image, doing, e);
        }
    }

    static StorageException unexpected(String image, String doing, Throwable cause) {
        return new StorageException(
                Reason.IO,
                "image " + image + ": unexpected " + cause + " in an attempt to " + doing,
                "the image is opened again; unless memory was short, this is a defect",
                cause);
    }
}
