package io.tidemark.api.mirror;

/**
 * What became of an image on one side behind the point where two sides parted.
 *
 * @param last sequence of the last event that was looked at; the fork point's when there is none
 * @param missing so many of its first events are no longer in the journal: extents and bytes lack what only those changed
 * @param extents separate parts of the image that its events changed
 * @param bytes how much these come to
 * @param exact false when there are so many parts that close ones were taken together: then there are fewer extents and more
 *     bytes than in truth
 * @param exportBytes what a file with all its events takes
 */
public record Branch(long last, long missing, long extents, long bytes, boolean exact, long exportBytes) {}
