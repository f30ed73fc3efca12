/** Who is at the other end of a link: keys, and the proof that somebody has one. Owns no link. */
package io.tidemark.mirror.internal.identity;
