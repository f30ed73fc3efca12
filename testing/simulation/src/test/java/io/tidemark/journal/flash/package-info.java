/** The simulation's access to the steps of the flash journal. */
package io.tidemark.journal.flash;
