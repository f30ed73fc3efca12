package io.tidemark.nbd;

/** Whether clients may or must use TLS. */
public enum TlsMode {
    /** TLS is not offered. */
    OFF,
    /** Clients choose, except for exports that are marked as TLS only. */
    OPTIONAL,
    /** Nothing but starting TLS is answered without it. */
    REQUIRED
}
