import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.*;
import javax.net.ssl.*;

/** Answers each connection with one line: java Server KEYSTORE.p12 PORT PROTOCOL... ; -Dca=FILE requires client certificates. */
public class Server {
    public static void main(String[] args) throws Exception {
        KeyStore own = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(Path.of(args[0]))) { own.load(in, "changeit".toCharArray()); }
        KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
        keys.init(own, "changeit".toCharArray());
        TrustManager[] trust = null;
        String ca = System.getProperty("ca");
        if (ca != null) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            try (InputStream in = Files.newInputStream(Path.of(ca))) {
                store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
            }
            TrustManagerFactory f = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            f.init(store);
            trust = f.getTrustManagers();
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust, null);
        try (SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(Integer.parseInt(args[1]))) {
            server.setEnabledProtocols(java.util.Arrays.copyOfRange(args, 2, args.length));
            if (args[2].equals("SSLv3")) server.setEnabledCipherSuites(server.getSupportedCipherSuites());
            server.setNeedClientAuth(ca != null);
            while (true) {
                try (SSLSocket socket = (SSLSocket) server.accept()) {
                    socket.setSoTimeout(2000);
                    socket.startHandshake();
                    new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine();
                    socket.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\nhello\n".getBytes(StandardCharsets.US_ASCII));
                } catch (IOException e) {
                    System.out.println(e);
                }
            }
        }
    }
}
