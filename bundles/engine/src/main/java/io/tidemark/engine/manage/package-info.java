/**
 * The images of a node: configuration, life cycle, replacement of stores, trimming, metrics. Plain classes without OSGi;
 * {@link io.tidemark.engine.manage.ImageDirectory} is where to begin.
 */
package io.tidemark.engine.manage;
