/** Our bundles in a plain Felix, for tests. */
package io.tidemark.framework;
