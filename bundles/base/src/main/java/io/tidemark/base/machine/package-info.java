/** The machine as a storage context: its clock, threads, files and memory. */
@Export
@Version("1.2.0")
package io.tidemark.base.machine;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
