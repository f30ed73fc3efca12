/** What is counted, for whoever shows it. */
@Export
@Version("1.1.0")
package io.tidemark.base.figures;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
