/**
 * The contract of image storage: the bytes of a virtual disk.
 */
@Export
@Version("1.6.0")
package io.tidemark.api.image;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
