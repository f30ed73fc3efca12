/** The insides of the flash journal. The format is specified in docs/formats/flash-journal.md. */
package io.tidemark.journal.flash.internal;
