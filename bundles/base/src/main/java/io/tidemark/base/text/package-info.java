/** What people write and read: sizes, durations, names, JSON, and lines of a log. */
@Export
@Version("1.2.0")
package io.tidemark.base.text;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
