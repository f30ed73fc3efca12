/**
 * Replicas of images: their receiving end, the orders for their head, and the change of roles. What a mirror calls; it knows
 * links and peers, and the engine behind these interfaces knows journals and images.
 */
@Export
@Version("4.0.0")
package io.tidemark.api.replica;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
