/** Certificates for tests of what uses TLS. */
package io.tidemark.tck.tls;
