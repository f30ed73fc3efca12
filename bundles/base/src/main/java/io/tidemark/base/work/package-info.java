/** Workers that wait for work, or for a time. */
@Export
@Version("1.2.0")
package io.tidemark.base.work;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
