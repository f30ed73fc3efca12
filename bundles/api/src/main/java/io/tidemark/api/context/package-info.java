/**
 * What a plugin is handed when it opens something: time, threads, files and payload memory.
 *
 * <p>Nothing else may be used to reach the outside, so that the simulator can drive every plugin unchanged.
 */
@Export
@Version("2.5.0")
package io.tidemark.api.context;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
