/**
 * The contract of journal storage: an ordered, time-stamped record of opaque event bodies.
 */
@Export
@Version("1.7.0")
package io.tidemark.api.journal;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
