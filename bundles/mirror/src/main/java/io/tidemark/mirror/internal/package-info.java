/** The mirror as Declarative Services see it. */
package io.tidemark.mirror.internal;
