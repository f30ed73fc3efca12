/** What people order and peers ask for: wishes that are kept, and changes of roles. */
package io.tidemark.mirror.internal.manage;
