/** Looking at closed flash journals, and repairing them by explicit order; needs no OSGi. */
@Export
@Version("1.0.0")
package io.tidemark.journal.flash.tool;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
