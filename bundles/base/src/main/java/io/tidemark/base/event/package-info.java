/** Event bodies in librbd's journal encoding. */
@Export
@Version("1.0.0")
package io.tidemark.base.event;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
