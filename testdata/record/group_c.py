"""What comes before TLS: STARTTLS of many protocols, proxies, the PROXY protocol."""
import lib
from common import *
from lib import sh, story

PORTS = {"smtp": 25, "lmtp": 24, "imap": 143, "pop3": 110, "ftp": 21, "nntp": 119, "sieve": 4190, "irc": 6667, "xmpp": 5222, "xmpp-server": 5269, "ldap": 389, "postgres": 5432, "mysql": 3306}
SERVERS = {"lmtp": "smtp", "xmpp-server": "xmpp"}


def starttls(protocol, cert="wide", outcome="completed", verdict=None, suffix="", name=None, title=None, client=None, tls13=False, any_of=()):
    port, host = PORTS[protocol], "mail.example.test" if cert == "wide" else "api.example.test"
    title = title or f"{protocol}: STARTTLS, then a {'TLS 1.3' if tls13 else 'TLS 1.2'} handshake that " + ("completes" if outcome == "completed" else "fails because of the certificate")

    @story(name or f"starttls-{protocol}{suffix}", title)
    def record(r):
        r.server(f"python3 programs/starttls.py {SERVERS.get(protocol, protocol)} {port} {cert}", port=port, env={"TLS12": "0"} if tls13 else None)
        r.start_capture()
        if client:
            client(r)
        else:
            r.client(f"openssl s_client -connect 10.0.0.2:{port} -starttls {protocol} -name client.example.test -servername {host} -CAfile pki/root.pem -verify_return_error "
                     f"-verify_hostname {host} -quiet", input="NOOP\r\n", log="c", hold=0.4)
        r.stop_capture()
        if outcome == "failed":
            r.log("client.log", "c")
        r.expect(outcome, verdict, never=["protocol.starttls-refused", "protocol.plaintext-reply", "capture.mid-stream"])
        if any_of:
            r.connections[-1].update(verdict_any_of=list(any_of), must_find=[])
        r.connections[-1]["application"] = protocol.replace("-server", "")


for p in PORTS:
    starttls(p)
starttls("smtp", "expired", "failed", "chain.expired", suffix="-expired")
starttls("imap", "wide", suffix="-tls13", tls13=True)
starttls("postgres", "other", "failed", "chain.missing-intermediate", suffix="-untrusted", any_of=["chain.missing-intermediate", "chain.untrusted-root"])
starttls("ldap", "self-signed", "failed", "chain.self-signed", suffix="-self-signed")


@story("starttls-ldap-refused", "The LDAP server answers StartTLS with unavailable")
def _(r):
    r.server("python3 programs/starttls.py ldap-refuse 389", port=389)
    r.start_capture()
    r.client("openssl s_client -connect 10.0.0.2:389 -starttls ldap -CAfile pki/root.pem", log="c", timeout=4)
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "protocol.starttls-refused")


@story("starttls-mysql-not-offered", "The MySQL server's greeting has no CLIENT_SSL flag")
def _(r):
    r.server("python3 programs/starttls.py mysql-none 3306", port=3306)
    r.start_capture()
    r.client("openssl s_client -connect 10.0.0.2:3306 -starttls mysql -CAfile pki/root.pem", log="c", timeout=4)
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "protocol.starttls-refused")


@story("starttls-forgotten", "A client speaks TLS at once to a mail port that expects STARTTLS first")
def _(r):
    r.server("python3 programs/starttls.py smtp 25 wide", port=25)
    r.start_capture()
    r.client("openssl s_client -connect 10.0.0.2:25 -servername mail.example.test -CAfile pki/root.pem", log="c", timeout=4)
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "protocol.plaintext-reply")


@story("starttls-curl-smtp", "curl sends mail by SMTP with STARTTLS and refuses the certificate, which is for another name")
def _(r):
    r.server("python3 programs/starttls.py smtp 25 good", port=25)
    r.start_capture()
    curl(r, "--ssl-reqd", url="smtp://mail.example.test/client.example.test", log="c", timeout=6)
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "sni.certificate-mismatch")


@story("starttls-mssql", "TDS 7.4: the TLS handshake runs inside PRELOGIN packets")
def _(r):
    r.server("python3 programs/starttls.py mssql 1433", port=1433)
    r.start_capture()
    r.client("python3 programs/tds_client.py 10.0.0.2 1433 db.example.test pki/root.pem", log="c")
    r.stop_capture()
    r.expect("completed")


# ---------------------------------------------------------------- proxies


def proxied(name, title, kind, port, option, cert="good", outcome="completed", verdict=None, must=()):
    @story(name, title)
    def record(r):
        s_server(r, "-tls1_2", cert=cert)
        r.server(f"python3 programs/proxy.py {kind} {port}", port=port)
        r.start_capture()
        curl(r, option, log="c")
        r.stop_capture()
        if outcome == "failed":
            r.log("client.log", "c")
        r.expect(outcome, verdict, must=must, never=["protocol.proxy-refused", "protocol.plaintext-reply"])


proxied("proxy-connect", "TLS through an HTTP proxy: CONNECT, 200, handshake", "http", 3128, "-x http://10.0.0.3:3128")
proxied("proxy-connect-expired", "Through an HTTP proxy to an expired certificate", "http", 3128, "-x http://10.0.0.3:3128", "expired", "failed", "chain.expired")
proxied("proxy-socks5", "TLS through a SOCKS5 proxy that resolves the name", "socks", 1080, "-x socks5h://10.0.0.3:1080")
proxied("proxy-socks5-expired", "Through a SOCKS5 proxy to an expired certificate", "socks", 1080, "-x socks5h://10.0.0.3:1080", "expired", "failed", "chain.expired")


@story("proxy-socks4", "TLS through a SOCKS4a proxy")
def _(r):
    s_server(r, "-tls1_2")
    r.server("python3 programs/proxy.py socks4 1080", port=1080)
    r.start_capture()
    curl(r, "-x socks4a://10.0.0.3:1080")
    r.stop_capture()
    r.expect("completed")


def proxy_protocol(version, broken=False):
    option = {1: "send-proxy", 2: "send-proxy-v2"}[version]
    name = f"proxy-protocol-v{version}" + ("-unexpected" if broken else "")
    title = (f"HAProxy passes TLS on with a PROXY protocol v{version} header before the ClientHello" if not broken
             else f"HAProxy sends a PROXY protocol v{version} header that the TLS server does not expect")

    @story(name, title)
    def record(r):
        """The capture is on the link between HAProxy (10.0.0.21) and the server (10.0.0.2)."""
        if broken:
            s_server(r, "-tls1_2", log="s")
        else:
            nginx(r, nginx_site(listen="10.0.0.2:443 ssl proxy_protocol", extra="ssl_protocols TLSv1.2;"))
        r.write("haproxy.cfg", "defaults\n    mode tcp\n    timeout connect 2s\n    timeout client 4s\n    timeout server 4s\n"
                f"listen tls\n    bind 10.0.0.21:443\n    source 10.0.0.21\n    server web 10.0.0.2:443 {option}\n")
        r.server("haproxy -f haproxy.cfg -db", ns=lib.CLIENT)
        r.start_capture()
        curl(r, "--connect-to api.example.test:443:10.0.0.21:443", log="c")
        r.stop_capture()
        if broken:
            r.log("client.log", "c")
        r.expect("failed" if broken else "completed", None, any_of=["tcp.closed-after-client-hello", "tcp.closed-during-handshake", "protocol.malformed", "tcp.reset-after-client-hello"] if broken else ())


proxy_protocol(1)
proxy_protocol(2)
proxy_protocol(1, broken=True)
proxy_protocol(2, broken=True)


@story("proxy-protocol-missing", "nginx expects a PROXY protocol header and gets a ClientHello")
def _(r):
    nginx(r, nginx_site(listen="10.0.0.2:443 ssl proxy_protocol"), log="s")
    r.start_capture()
    curl(r, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "tcp.closed-after-client-hello", any_of=["tcp.closed-after-client-hello", "tcp.reset-after-client-hello"])
