/** Journals as files that can be carried elsewhere: docs/formats/journal-export.md. */
@Export
@Version("1.1.0")
package io.tidemark.base.event.export;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
