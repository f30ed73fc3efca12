/**
 * What of a journal must be kept.
 */
@Export
@Version("1.1.0")
package io.tidemark.api.trim;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
