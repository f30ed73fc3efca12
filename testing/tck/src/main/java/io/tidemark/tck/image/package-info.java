/** What every image store has to pass. */
package io.tidemark.tck.image;
