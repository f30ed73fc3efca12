/** Places to listen at, bytes over sockets, in plain text and over TLS, and the files that TLS needs. */
@Export
@Version("1.1.0")
package io.tidemark.base.net;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
