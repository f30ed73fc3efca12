/**
 * Configurations that people write and commands keep: as files in {@code etc/}, or in Configuration Admin. What is wished of
 * something lies there and nothing else; what is, lies with the thing itself.
 */
@Export
@Version("1.2.0")
package io.tidemark.base.wish;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
