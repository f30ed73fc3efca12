/**
 * Mirroring between nodes, for people: peers, which images go to them, how these fare, and the changes of roles. What the
 * console and embedders call.
 */
@Export
@Version("2.7.0")
package io.tidemark.api.mirror;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
