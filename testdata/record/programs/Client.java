import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.*;
import javax.net.ssl.*;

/** One HTTPS request with the JDK's own TLS: java Client.java URL CA.pem [VERSION...] */
public class Client {
    public static void main(String[] args) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int n = 0;
        try (InputStream in = Files.newInputStream(Path.of(args[1]))) {
            for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(in)) store.setCertificateEntry("ca" + n++, c);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        KeyManager[] keys = null;
        String p12 = System.getProperty("p12");
        if (p12 != null) {
            KeyStore own = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(Path.of(p12))) { own.load(in, "changeit".toCharArray()); }
            KeyManagerFactory f = KeyManagerFactory.getInstance("SunX509");
            f.init(own, "changeit".toCharArray());
            keys = f.getKeyManagers();
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, trust.getTrustManagers(), null);
        URL url = new URL(args[0]);
        int port = url.getPort() < 0 ? 443 : url.getPort();
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(url.getHost(), port)) {
            SSLParameters p = socket.getSSLParameters();
            p.setEndpointIdentificationAlgorithm("HTTPS");
            if (args.length > 2) p.setProtocols(java.util.Arrays.copyOfRange(args, 2, args.length));
            if (System.getProperty("suites") != null) p.setCipherSuites(System.getProperty("suites").split(","));
            socket.setSSLParameters(p);
            socket.setSoTimeout(4000);
            socket.startHandshake();
            Writer w = new OutputStreamWriter(socket.getOutputStream(), StandardCharsets.US_ASCII);
            w.write("GET /hello.txt HTTP/1.0\r\nHost: " + url.getHost() + "\r\n\r\n");
            w.flush();
            System.out.println(new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine());
        } catch (IOException e) {
            System.out.println(e);
            for (Throwable c = e.getCause(); c != null; c = c.getCause()) System.out.println("Caused by: " + c);
            System.exit(1);
        }
    }
}
