/** What people write and read: sizes, durations, names, JSON. */
@Export
@Version("1.0.0")
package io.tidemark.base.text;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
