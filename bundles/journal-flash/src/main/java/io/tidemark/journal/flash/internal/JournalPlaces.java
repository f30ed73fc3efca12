package io.tidemark.journal.flash.internal;

import java.nio.file.Path;
import java.util.List;

/** Where the files of one journal lie. Segment {@code n} lies in directory {@code n mod directories}. */
record JournalPlaces(String journal, List<Path> directories) {
    static final String STATE = "state";
    static final String DELETED = "state.deleted";
    static final String CLIENTS = "clients";
    static final String MEMBER = "member";
    static final String LOCK = "lock";
    static final String SEGMENT_PREFIX = "segment-";
    static final String PREPARE_PREFIX = "prepare-";
    static final String ASIDE_PREFIX = "aside-";
    static final String FOLLOWERS = "followers";
    static final String FOLLOWER_SUFFIX = ".client";

    /** Directories of the journal, from those of its pool. */
    static JournalPlaces in(List<Path> pool, String journal) {
        return new JournalPlaces(
                journal,
                pool.stream().map(directory -> directory.resolve(journal)).toList());
    }

    Path first() {
        return directories.get(0);
    }

    Path state() {
        return first().resolve(STATE);
    }

    Path clients() {
        return first().resolve(CLIENTS);
    }

    /** Where clients that are other processes have their files; missing while there was none. */
    Path followers() {
        return first().resolve(FOLLOWERS);
    }

    /** Of a client that is another process, and written by that one. */
    Path follower(String client) {
        return followers().resolve(client + FOLLOWER_SUFFIX);
    }

    int directoryOf(long number) {
        return (int) (number % directories.size());
    }

    Path segment(long number) {
        return directories.get(directoryOf(number)).resolve(String.format("%s%012d", SEGMENT_PREFIX, number));
    }

    Path preparing(long number) {
        return directories.get(directoryOf(number)).resolve(String.format("%s%012d", PREPARE_PREFIX, number));
    }

    /** The number in a segment's file name, or -1. */
    static long numberOf(String fileName) {
        String digits = fileName.startsWith(SEGMENT_PREFIX) ? fileName.substring(SEGMENT_PREFIX.length()) : "";
        if (digits.length() != 12 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return -1;
        }
        return Long.parseLong(digits);
    }
}
