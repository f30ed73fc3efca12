/** Configuration and life cycle of file image pools. */
package io.tidemark.image.file.internal;
