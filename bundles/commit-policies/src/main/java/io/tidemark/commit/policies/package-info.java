/**
 * When a write is acknowledged: {@code journal}, {@code journal+image}, {@code volatile}, {@code replica-arrived}, {@code
 * replica-durable}.
 */
package io.tidemark.commit.policies;
