/** Images in sparse raw files. */
package io.tidemark.image.file;
