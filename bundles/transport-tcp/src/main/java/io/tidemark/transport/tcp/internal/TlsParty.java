package io.tidemark.transport.tcp.internal;

import io.tidemark.api.StorageException;
import io.tidemark.base.net.TlsFiles;
import io.tidemark.transport.tcp.TlsSettings;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * This node under TLS.
 *
 * @param context own key and who is trusted
 * @param authority whether certificates have to be signed by one; else peers are known by their fingerprints
 * @param fingerprint of the own certificate
 */
public record TlsParty(SSLContext context, boolean authority, String fingerprint) {

    /**
     * Loads keys and certificates.
     *
     * @return null where TLS is off
     * @throws StorageException INVALID, naming the configuration key and the file
     */
    public static TlsParty load(TlsSettings settings) throws StorageException {
        if (!settings.required()) {
            return null;
        }
        boolean authority = settings.authority() != null;
        TrustManager[] trust = authority
                ? TlsFiles.trust("tlsAuthority", settings.authority())
                : new TrustManager[] {new ByFingerprint()};
        TlsFiles.Loaded loaded = TlsFiles.load(settings.certificate(), settings.key(), settings.password(), trust);
        return new TlsParty(loaded.context(), authority, TlsFiles.fingerprint(loaded.certificate()));
    }

    SSLEngine acceptor() {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        TlsFiles.restrict(engine);
        engine.setNeedClientAuth(true);
        return engine;
    }

    /** Where the peer is not pinned, its certificate has to be for the host that was asked for. */
    SSLEngine initiator(String host, int port, boolean pinned) {
        SSLEngine engine = host.isEmpty() ? context.createSSLEngine() : context.createSSLEngine(host, port);
        engine.setUseClientMode(true);
        TlsFiles.restrict(engine);
        if (authority && !pinned && !host.isEmpty()) {
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            engine.setSSLParameters(parameters);
        }
        return engine;
    }

    /**
     * Takes any certificate that is valid now: TLS proves that the peer has its key, and whoever is handed the link compares the
     * fingerprint. An initiator without a fingerprint is refused before it connects.
     */
    private static final class ByFingerprint extends X509ExtendedTrustManager {
        private static void check(X509Certificate[] chain) throws CertificateException {
            if (chain.length == 0) {
                throw new CertificateException("no certificate");
            }
            chain[0].checkValidity();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
