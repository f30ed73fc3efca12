package io.tidemark.nbd.internal;

import io.tidemark.api.StorageException;
import io.tidemark.base.net.TlsFiles;
import io.tidemark.nbd.TlsMode;
import io.tidemark.nbd.TlsSettings;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;

/** From the configuration to TLS engines. */
public final class TlsContexts {
    private TlsContexts() {}

    /**
     * Loads keys and certificates.
     *
     * @return null where TLS is off
     * @throws StorageException INVALID, naming the configuration key and the file
     */
    public static SSLContext load(TlsSettings settings) throws StorageException {
        if (settings.mode() == TlsMode.OFF) {
            return null;
        }
        Path authority = settings.clientAuthority();
        TrustManager[] trust = authority == null ? null : TlsFiles.trust("tlsClientAuthority", authority);
        return TlsFiles.load(settings.certificate(), settings.key(), settings.password(), trust)
                .context();
    }

    public static void apply(TlsSettings settings, SSLEngine engine) {
        TlsFiles.restrict(engine);
        switch (settings.clientCertificates()) {
            case REQUIRED -> engine.setNeedClientAuth(true);
            case OPTIONAL -> engine.setWantClientAuth(true);
            case NONE -> {}
        }
    }
}
