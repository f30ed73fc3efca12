/** Whether a replica goes on from its source, or where the two parted. Functions of two lists of epochs. */
package io.tidemark.mirror.internal.fork;
