/**
 * What happens on a node, for whoever watches it. Register a {@link io.tidemark.api.news.NewsListener} as a service.
 */
@Export
@Version("1.1.0")
package io.tidemark.api.news;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
