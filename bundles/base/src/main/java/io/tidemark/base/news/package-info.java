/** Tells listeners what happens, without ever waiting for one. */
@Export
@Version("1.0.0")
package io.tidemark.base.news;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
