package io.tidemark.transport.tcp.internal;

import io.tidemark.api.StorageException;

/**
 * Why and how a link ends.
 *
 * @param why for the listener and the log
 * @param say the peer is told so; null when there is nobody to be told
 * @param drop whether what was handed in is dropped, and not sent first
 */
record Ending(StorageException why, String say, boolean drop) {}
