/**
 * Which watermark an acknowledgement waits for.
 */
@Export
@Version("1.0.0")
package io.tidemark.api.commit;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
