/** The engine as services: configuration, references and life cycle. No logic. */
package io.tidemark.engine.internal;
