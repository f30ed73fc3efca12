/** What a mirror does: links, the channels on them in both directions, and what they need of the node. */
package io.tidemark.mirror.internal.run;
