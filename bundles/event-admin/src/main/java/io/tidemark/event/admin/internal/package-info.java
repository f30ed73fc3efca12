/** Posts news to OSGi Event Admin. */
package io.tidemark.event.admin.internal;
