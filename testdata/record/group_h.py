"""Further servers with their logs, and captures that ask for care: health checks, reused ports, long chains, several interfaces."""
import os
import struct
import time

import lib
from common import *
from group_d import tale
from lib import ROUTER, sh, story

APACHE = """ServerRoot {dir}
ServerName api.example.test
PidFile apache.pid
Listen 10.0.0.2:443
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
ErrorLog /dev/stderr
LogLevel warn ssl:info
StartServers 1
ThreadsPerChild 4
MaxRequestWorkers 4
ServerLimit 1
DocumentRoot www
Mutex file:.
<VirtualHost 10.0.0.2:443>
    ServerName api.example.test
    SSLEngine on
    SSLCertificateFile pki/good{chain}.pem
    SSLCertificateKeyFile pki/good.key
    {extra}
</VirtualHost>
"""


def apache(r, extra, chain=".chain"):
    os.makedirs(os.path.join(r.dir, "www"), exist_ok=True)
    r.write("www/hello.txt", "hello\n")
    r.write("apache.conf", APACHE.format(dir=r.dir, extra=extra, chain=chain))
    p = r.server("apache2 -d . -f apache.conf -DFOREGROUND", log="s")
    # What is shown to the reader has no directory of this machine.
    r.write("apache.conf", APACHE.format(dir=".", extra=extra, chain=chain))
    return p


@tale("buypass-decision-tree", "5-no-shared-cipher-apache", "Apache and the client have no cipher suite in common: AH02008 and `no shared cipher` in its log")
def _(r):
    apache(r, "SSLProtocol TLSv1.2\n    SSLCipherSuite ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305")
    r.start_capture()
    java_client(r, options="TLSv1.2", props="-Dsuites=TLS_RSA_WITH_AES_128_CBC_SHA,TLS_RSA_WITH_AES_128_CBC_SHA256", log="c")
    curl(r)
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "cipher.no-overlap", any_of=["cipher.no-overlap", "peer.handshake-failure"])
    r.expect("completed")


@tale("buypass-decision-tree", "6-incomplete-chain-apache", "Apache was given the leaf only: curl and Java refuse it, each with its own alert")
def _(r):
    apache(r, "SSLProtocol TLSv1.2", chain="")
    r.start_capture()
    curl(r, log="c")
    java_client(r, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "chain.missing-intermediate")
    r.expect("failed", "chain.missing-intermediate")


@story("client-auth-missing-apache", "Apache requires a client certificate and gets none (TLS 1.2, then 1.3)")
def _(r):
    apache(r, "SSLVerifyClient require\n    SSLCACertificateFile pki/client-ca.pem")
    r.start_capture()
    curl(r, "--tls-max 1.2", log="c")
    curl(r, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "client-auth.missing")
    r.expect("failed", None, any_of=["client-auth.missing", "peer.server-aborted"])


@story("mqtt-expired", "mosquitto with an expired certificate on port 8883: its log says what the client's alert said")
def _(r):
    r.write("mosquitto.conf", "listener 8883 10.0.0.2\nallow_anonymous true\ncafile pki/root.pem\ncertfile pki/expired.chain.pem\nkeyfile pki/expired.key\nlog_dest stderr\n"
            "log_type all\nlog_timestamp_format %Y-%m-%dT%H:%M:%S\nuser root\n")
    r.write("server.cnf", "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = default\n[default]\nMaxProtocol = TLSv1.2\n")
    r.server("mosquitto -c mosquitto.conf", port=8883, log="s", env={"OPENSSL_CONF": "server.cnf"})
    r.start_capture()
    r.client("mosquitto_pub -h api.example.test -p 8883 --cafile pki/root.pem -t t -m hello", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "chain.expired")


@story("mqtt-client-certificate-missing", "mosquitto requires a client certificate and gets none (TLS 1.3)")
def _(r):
    r.write("mosquitto.conf", "listener 8883 10.0.0.2\nallow_anonymous true\ncafile pki/client-ca.pem\ncertfile pki/good.chain.pem\nkeyfile pki/good.key\nrequire_certificate true\n"
            "log_dest stderr\nlog_type all\nlog_timestamp_format %Y-%m-%dT%H:%M:%S\nuser root\n")
    r.server("mosquitto -c mosquitto.conf", port=8883, log="s")
    r.start_capture()
    r.client("mosquitto_pub -h api.example.test -p 8883 --cafile pki/root.pem -t t -m hello", log="c", timeout=4)
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    for _ in lib.streams(os.path.join(r.dir, "capture.raw")):
        r.expect("failed", None, any_of=["client-auth.missing", "peer.server-aborted"])


@story("fleet-health-checks", "A load balancer checks the port four times a second, with a reset after the SYN-ACK, among real connections: no failures", form="pcap.gz")
def _(r):
    go_server(r, "-cert pki/good-ec.chain.pem -key pki/good-ec.key -max 1.2")
    r.write("haproxy.cfg", "defaults\n    mode tcp\n    timeout connect 2s\n    timeout client 4s\n    timeout server 4s\n    timeout check 1s\n"
            "listen tls\n    bind 10.0.0.21:443\n    source 10.0.0.21\n    server web 10.0.0.2:443 check inter 250ms\n")
    r.start_capture()
    r.background("haproxy -f haproxy.cfg -db", who="client")
    for i in range(6):
        time.sleep(0.4)
        curl(r, "--interface 10.0.0.8")
    r.stop_capture()
    for client, _ in lib.streams(os.path.join(r.dir, "capture.raw")):
        if client.startswith("10.0.0.21"):
            r.expect("failed", "tcp.no-client-hello")
            r.connections[-1]["outcome_any_of"] = ["failed", "incomplete"]
        else:
            r.expect("completed")


@story("tcp-port-reused", "One client port, three connections after each other: the flows must not be mixed up")
def _(r):
    s_server(r, "-tls1_2", cert="good-ec", chain="issuing-e5")
    r.start_capture()
    for behavior in ("hang", "hang", "none"):
        r.client(f"python3 programs/client.py {behavior}", env={"VALUE": "0.2", "PORT": "45000"}, log="c")
    r.stop_capture()
    for _ in range(2):
        r.expect("failed", None, any_of=["tcp.reset-during-handshake", "peer.client-aborted", "peer.client-rejected-certificate"])
    r.expect("completed")


@story("chain-huge", "A leaf with 700 names: the Certificate message needs more than one TLS record", form="pcap.gz")
def _(r):
    names = ",".join(f"DNS:customer-{i:04d}.example.test" for i in range(700))
    r.write("huge.cnf", f"[leaf]\nbasicConstraints = critical,CA:FALSE\nextendedKeyUsage = serverAuth\nsubjectAltName = DNS:api.example.test,{names}\n")
    commands = ("openssl req -new -key pki/good.key -subj /CN=api.example.test -config pki/req.cnf -out own.csr && "
                "openssl x509 -req -in own.csr -CA pki/issuing-r3.pem -CAkey pki/issuing-r3.key -days 60 -extfile huge.cnf -extensions leaf -out own.pem")
    r.note("before", commands + "   (700 names customer-NNNN.example.test)")
    sh("sh", "-c", commands, cwd=r.dir, env=r.env)
    r.server("openssl s_server -accept 10.0.0.2:443 -cert own.pem -key pki/good.key -cert_chain pki/issuing-r3.pem -WWW -tls1_2")
    r.start_capture()
    s_client(r)
    s_client(r, name="shop.example.test", verify="-CAfile pki/root.pem -verify_return_error -verify_hostname shop.example.test", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("completed")
    r.expect("failed", "sni.certificate-mismatch")


@story("capture-established-only", "The capture starts when the handshake is long over: application data only")
def _(r):
    import subprocess
    s = r.server("openssl s_server -accept 10.0.0.2:443 -cert pki/good.pem -key pki/good.key -cert_chain pki/issuing-r3.pem -tls1_2", stdin=subprocess.PIPE)
    r.note("client", "(sleep 1; for i in 1 2 3; do echo hello; sleep .2; done; echo Q) | openssl s_client -connect 10.0.0.2:443 -servername api.example.test -tls1_2")
    c = r.background("(sleep 1; for i in 1 2 3; do echo hello; sleep .2; done; echo Q) | openssl s_client -connect 10.0.0.2:443 -servername api.example.test -tls1_2", show=False)
    time.sleep(0.6)
    r.start_capture()
    c.wait(5)
    r.stop_capture()
    del s
    r.expect("incomplete", None, must=["capture.mid-stream"], never=["tcp.no-client-hello", "protocol.malformed"])


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def two_interfaces(directory, target):
    """Joins two pcaps in order of time as mergecap would, but without the options in which that names its machine."""
    frames = []
    for number, side in enumerate(("front", "back")):
        data = open(os.path.join(directory, side + ".pcap"), "rb").read()
        at = 24
        while at < len(data):
            seconds, micros, size, whole = struct.unpack_from("<IIII", data, at)
            frames.append((seconds * 1000000 + micros, number, whole, data[at + 16:at + 16 + size]))
            at += 16 + size
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    for name in (b"front", b"back"):
        out += block(1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HH", 2, len(name)) + name + bytes(-len(name) % 4) + bytes(4))
    for when, number, whole, data in sorted(frames, key=lambda f: f[0]):
        out += block(6, struct.pack("<IIIII", number, when >> 32, when & 0xFFFFFFFF, len(data), whole) + data)
    with open(os.path.join(target, "capture.pcapng"), "wb") as f:
        f.write(out)
    return ["capture.pcapng"]


@story("format-two-interfaces", "A pcapng with two interfaces: a reverse proxy's clients on one, its backend on the other", form=two_interfaces, routed=True)
def _(r):
    """The backend asks the proxy for a client certificate and gets none; the clients see 503."""
    lib.routed()
    sh("sh", "-c", f"cat {r.dir}/pki/good.chain.pem {r.dir}/pki/good.key > {r.dir}/good.bundle")
    s_server(r, "-tls1_2 -Verify 2 -CAfile pki/client-ca.pem -verify_return_error", address="10.0.1.2")
    r.write("haproxy.cfg", "defaults\n    mode http\n    timeout connect 2s\n    timeout client 8s\n    timeout server 4s\n    retries 0\n"
            "frontend web\n    bind 10.0.0.1:443 ssl crt good.bundle ssl-max-ver TLSv1.2\n    default_backend app\n"
            "backend app\n    server app 10.0.1.2:443 ssl verify required ca-file pki/root.pem sni str(api.example.test)\n")
    r.server("haproxy -f haproxy.cfg -db", ns=ROUTER)
    for dev, side in (("r0", "front"), ("r1", "back")):
        r.start_capture(ns=ROUTER, dev=dev, file=f"{side}.pcap")
    for _ in range(2):
        curl(r, "-o /dev/null -w %{http_code}\\\\n --resolve api.example.test:443:10.0.0.1", log="c")
    r.stop_capture()
    r.note("then", "both files joined in order of time as the interfaces `front` and `back`")
    r.log("client.log", "c")
    for _ in range(2):
        r.expect("completed")
        r.expect("failed", "client-auth.missing")
