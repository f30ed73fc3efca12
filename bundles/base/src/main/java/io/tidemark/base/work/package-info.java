/** Workers that wait for work. */
@Export
@Version("1.0.0")
package io.tidemark.base.work;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
