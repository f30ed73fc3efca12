/** When a write is acknowledged: {@code journal}, {@code journal+image}, {@code volatile}. */
package io.tidemark.commit.policies;
