/** Journals in segment files, striped over local flash directories. */
@Export
@Version("1.2.0")
package io.tidemark.journal.flash;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
