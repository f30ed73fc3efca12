/**
 * The values that every part of Tidemark speaks in: positions, epochs, events, watermarks and errors.
 */
@Export
@Version("1.1.0")
package io.tidemark.api;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
