package io.tidemark.journal.flash.tool;

import java.nio.file.Path;
import java.util.List;

/**
 * What a repair did.
 *
 * @param before what was found
 * @param kept last event that the journal has now
 * @param lost last event that it is known to have had
 * @param aside files that hold what was removed
 */
public record RepairReport(JournalReport before, long kept, long lost, List<Path> aside) {}
