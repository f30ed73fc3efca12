package io.tidemark.faults;

/** How one power loss treats what was not forced. Drawn once per power loss, asked for every sector. */
final class PowerLoss {
    /** The ways in which it goes. */
    enum Mode {
        /** Nothing unforced arrived. */
        NOTHING,
        /** All of it arrived. */
        EVERYTHING,
        /** What was written before some instant arrived. */
        PREFIX,
        /** What was written before some instant arrived, and what came right behind it is torn. */
        TORN_PREFIX,
        /** Only the youngest arrived: the opposite of what a careless program hopes for. */
        YOUNGEST,
        /** Each page as it likes. */
        PAGES,
        /** Each sector as it likes. */
        SECTORS,
        /** Each file in one of the ways above. */
        MIXED
    }

    private static final Mode[] MODES = Mode.values();

    private final SeededRandom random;
    private final Mode mode;
    private final long lastChange;
    private Mode fileMode;
    private long instant;
    private boolean pageKept;

    PowerLoss(SeededRandom random, long lastChange) {
        this.random = random;
        this.lastChange = lastChange;
        this.mode = MODES[random.below(MODES.length)];
        this.fileMode = mode;
        this.instant = lastChange - random.magnitude(Math.max(1, lastChange));
    }

    String mode() {
        return mode.name();
    }

    void startFile() {
        if (mode == Mode.MIXED) {
            fileMode = MODES[random.below(MODES.length - 1)];
            instant = lastChange - random.magnitude(Math.max(1, lastChange));
        }
    }

    void startPage() {
        pageKept = random.coin();
    }

    /**
     * Which of the contents since the last force is on the device.
     *
     * @param changes numbers of the changes, rising
     * @return index of one of them, or -1 for what the device had
     */
    int choose(long[] changes, int count) {
        return switch (fileMode) {
            case NOTHING -> -1;
            case EVERYTHING -> count - 1;
            case PREFIX -> upTo(changes, count, instant);
            case TORN_PREFIX -> {
                int kept = upTo(changes, count, instant);
                yield kept + 1 < count && changes[kept + 1] <= instant + 3 && random.coin() ? kept + 1 : kept;
            }
            case YOUNGEST -> changes[count - 1] > instant ? count - 1 : -1;
            case PAGES -> pageKept ? count - 1 : -1;
            default -> random.below(count + 1) - 1;
        };
    }

    private static int upTo(long[] changes, int count, long instant) {
        int kept = -1;
        while (kept + 1 < count && changes[kept + 1] <= instant) {
            kept++;
        }
        return kept;
    }

    int keptNames(SeededRandom names, int pending) {
        return switch (mode) {
            case NOTHING -> 0;
            case EVERYTHING -> pending;
            default -> names.below(pending + 1);
        };
    }
}
