/**
 * Block devices as front ends (NBD, appliances) see them.
 */
@Export
@Version("1.2.0")
package io.tidemark.api.device;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
