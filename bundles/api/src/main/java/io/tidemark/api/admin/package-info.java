/**
 * Administration of the images and pools of one node: what the console and embedders call.
 */
@Export
@Version("1.5.0")
package io.tidemark.api.admin;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
