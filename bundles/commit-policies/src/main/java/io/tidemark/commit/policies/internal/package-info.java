/** The policies as services. */
package io.tidemark.commit.policies.internal;
