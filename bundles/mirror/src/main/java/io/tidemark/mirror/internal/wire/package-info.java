/** What goes over a link between two mirrors: messages, and how they become bytes. Owns no link and keeps nothing. */
package io.tidemark.mirror.internal.wire;
