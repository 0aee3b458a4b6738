#!/usr/bin/env python3
"""Makes the test PKI: every key is derived from a fixed seed, so that two runs give the same bytes.

None of these keys protects anything: whoever reads this file has them all. Only the Python standard
library is used. Dates are relative to RECORD_DAY (default: today), except those of the authorities.

    pki.py DIR      writes NAME.key, NAME.pem (the certificate alone) and NAME.chain.pem
"""
import base64
import datetime as dt
import hashlib
import os
import sys

DAY = dt.datetime.fromisoformat(os.environ.get("RECORD_DAY") or dt.datetime.now(dt.timezone.utc).date().isoformat())

# ---------------------------------------------------------------- DER


def tlv(tag, body):
    n = len(body)
    if n < 128:
        head = bytes([n])
    else:
        size = n.to_bytes((n.bit_length() + 7) // 8, "big")
        head = bytes([0x80 | len(size)]) + size
    return bytes([tag]) + head + body


def seq(*items):
    return tlv(0x30, b"".join(items))


def set_(*items):
    return tlv(0x31, b"".join(items))


def integer(n):
    if n < 0:
        return tlv(2, n.to_bytes((n.bit_length() + 8) // 8, "big", signed=True))
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def octets(b):
    return tlv(4, b)


def bits(b, unused=0):
    return tlv(3, bytes([unused]) + b)


def oid(text):
    parts = [int(p) for p in text.split(".")]
    out = bytearray([parts[0] * 40 + parts[1]])
    for p in parts[2:]:
        chunk = [p & 0x7F]
        p >>= 7
        while p:
            chunk.append(0x80 | p & 0x7F)
            p >>= 7
        out += bytes(reversed(chunk))
    return tlv(6, bytes(out))


def utf8(s):
    return tlv(12, s.encode())


def boolean(v):
    return tlv(1, b"\xff" if v else b"\0")


def explicit(n, body):
    return tlv(0xA0 | n, body)


def implicit(n, body):
    return tlv(0x80 | n, body)


NULL = b"\x05\x00"


def time_(t):
    if t.year < 2050:
        return tlv(0x17, t.strftime("%y%m%d%H%M%SZ").encode())
    return tlv(0x18, t.strftime("%Y%m%d%H%M%SZ").encode())


def pem(kind, der):
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[i:i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"


# ---------------------------------------------------------------- keys


def stream(seed):
    n = 0
    while True:
        yield from hashlib.shake_256(f"tlsleuth test key {seed} {n}".encode()).digest(4096)
        n += 1


SMALL = [p for p in range(3, 8000, 2) if all(p % q for q in range(3, int(p ** .5) + 1, 2))]


def prime(source, size):
    while True:
        n = int.from_bytes(bytes(next(source) for _ in range(size // 8)), "big")
        n |= 3 << size - 2 | 1
        if any(n % p == 0 for p in SMALL) or n % 65537 == 1:
            continue
        d, r = n - 1, 0
        while d % 2 == 0:
            d, r = d // 2, r + 1
        for a in (2, 3, 5, 7, 11, 13, 17, 19):
            x = pow(a, d, n)
            if x in (1, n - 1):
                continue
            for _ in range(r - 1):
                x = x * x % n
                if x == n - 1:
                    break
            else:
                break
        else:
            return n


HASHES = {"md5": "1.2.840.113549.2.5", "sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1"}
RSA_SIG = {"md5": "1.2.840.113549.1.1.4", "sha1": "1.2.840.113549.1.1.5", "sha256": "1.2.840.113549.1.1.11"}


class Rsa:
    def __init__(self, seed, size=2048):
        source = stream(seed)
        self.size = size
        p, q = prime(source, size // 2), prime(source, size // 2)
        self.p, self.q = max(p, q), min(p, q)
        self.n, self.e = p * q, 65537
        self.d = pow(self.e, -1, (p - 1) * (q - 1))

    def spki(self):
        return seq(seq(oid("1.2.840.113549.1.1.1"), NULL), bits(seq(integer(self.n), integer(self.e))))

    def private(self):
        p, q, d = self.p, self.q, self.d
        key = seq(*map(integer, (0, self.n, self.e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))))
        return seq(integer(0), seq(oid("1.2.840.113549.1.1.1"), NULL), octets(key))

    def algorithm(self, digest):
        return seq(oid(RSA_SIG[digest]), NULL)

    def sign(self, data, digest="sha256"):
        info = seq(seq(oid(HASHES[digest]), NULL), octets(hashlib.new(digest, data).digest()))
        size = self.size // 8
        block = b"\0\1" + b"\xff" * (size - 3 - len(info)) + b"\0" + info
        return pow(int.from_bytes(block, "big"), self.d, self.n).to_bytes(size, "big")


P = 2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    if a == b:
        m = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) % P
    else:
        m = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (m * m - a[0] - b[0]) % P
    return x, (m * (a[0] - x) - a[1]) % P


def times(k, point):
    out = None
    while k:
        if k & 1:
            out = add(out, point)
        point, k = add(point, point), k >> 1
    return out


class Ec:
    def __init__(self, seed):
        source = stream(seed)
        self.d = int.from_bytes(bytes(next(source) for _ in range(32)), "big") % (N - 1) + 1
        x, y = times(self.d, G)
        self.point = b"\4" + x.to_bytes(32, "big") + y.to_bytes(32, "big")

    def _algorithm(self):
        return seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))

    def spki(self):
        return seq(self._algorithm(), bits(self.point))

    def private(self):
        key = seq(integer(1), octets(self.d.to_bytes(32, "big")), explicit(1, bits(self.point)))
        return seq(integer(0), self._algorithm(), octets(key))

    def algorithm(self, digest):
        return seq(oid({"sha256": "1.2.840.10045.4.3.2", "sha1": "1.2.840.10045.4.1"}[digest]))

    def sign(self, data, digest="sha256"):
        h = hashlib.new(digest, data).digest()
        k = int.from_bytes(hashlib.shake_256(b"nonce" + self.d.to_bytes(32, "big") + h).digest(40), "big") % (N - 1) + 1
        r = times(k, G)[0] % N
        s = (int.from_bytes(h[:32], "big") + r * self.d) * pow(k, -1, N) % N
        return seq(integer(r), integer(s))


# ---------------------------------------------------------------- certificates

ATTRIBUTES = {"CN": "2.5.4.3", "O": "2.5.4.10", "C": "2.5.4.6", "OU": "2.5.4.11", "L": "2.5.4.7", "ST": "2.5.4.8"}
EKU = {"server": "1.3.6.1.5.5.7.3.1", "client": "1.3.6.1.5.5.7.3.2", "ocsp": "1.3.6.1.5.5.7.3.9", "email": "1.3.6.1.5.5.7.3.4"}
USAGE = {"digitalSignature": 0, "keyEncipherment": 2, "keyAgreement": 4, "keyCertSign": 5, "cRLSign": 6}


def name(text):
    parts = [p.split("=", 1) for p in text.split(", ")] if text else []
    return seq(*(set_(seq(oid(ATTRIBUTES[k]), tlv(19, v.encode()) if k == "C" else utf8(v))) for k, v in parts))


def extension(ident, body, critical=False):
    return seq(oid(ident), boolean(True) if critical else b"", octets(body))


def alt_names(items):
    out = []
    for item in items:
        if item.startswith("ip:"):
            import ipaddress
            out.append(implicit(7, ipaddress.ip_address(item[3:]).packed))
        else:
            out.append(implicit(2, item.encode()))
    return seq(*out)


def usage_bits(names):
    value = 0
    for n in names:
        value |= 0x80 >> USAGE[n]
    unused = (value & -value).bit_length() - 1
    return bits(bytes([value]), unused)


class Certificate:
    def __init__(self, label, subject, key, issuer=None, *, start, end, serial=None, dns=(), ca=False, path_len=None,
                 usage=None, eku=("server", "client"), digest="sha256", extra=(), no_ca_extension=False, edit=None, break_signature=False,
                 version=2):
        self.label, self.subject, self.key = label, subject, key
        self.issuer = issuer or self
        if serial is None:
            serial = int.from_bytes(b"\x04" + hashlib.sha256(f"serial {label}".encode()).digest()[:15], "big")
        self.serial = serial
        ext = []
        if usage is None:
            usage = ("keyCertSign", "cRLSign", "digitalSignature") if ca else (
                ("digitalSignature", "keyEncipherment") if isinstance(key, Rsa) else ("digitalSignature",))
        ext.append(extension("2.5.29.15", usage_bits(usage), True))
        if not ca and eku:
            ext.append(extension("2.5.29.37", seq(*(oid(EKU[e]) for e in eku))))
        if not no_ca_extension:
            body = seq(boolean(True), integer(path_len)) if ca and path_len is not None else seq(boolean(True)) if ca else seq()
            ext.append(extension("2.5.29.19", body, True))
        ext.append(extension("2.5.29.14", octets(hashlib.sha1(key.spki()).digest())))
        if issuer:
            ext.append(extension("2.5.29.35", seq(implicit(0, hashlib.sha1(issuer.key.spki()).digest()))))
            if not ca:
                ext.append(extension("1.3.6.1.5.5.7.1.1", seq(
                    seq(oid("1.3.6.1.5.5.7.48.1"), implicit(6, b"http://ocsp.example.test")),
                    seq(oid("1.3.6.1.5.5.7.48.2"), implicit(6, b"http://ca.example.test/" + issuer.label.encode() + b".der")))))
        if dns:
            ext.append(extension("2.5.29.17", alt_names(dns)))
        ext += extra
        signer = self.issuer.key
        algorithm = signer.algorithm(digest)
        tbs = seq(explicit(0, integer(version)), integer(serial), algorithm, name(self.issuer.subject), seq(time_(start), time_(end)),
                  name(subject), key.spki(), explicit(3, seq(*ext)))
        signature = signer.sign(tbs, digest)
        if break_signature:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        if edit:
            tbs = edit(tbs)
        self.der = seq(tbs, algorithm, bits(signature))

    def pem(self):
        return pem("CERTIFICATE", self.der)


def ocsp_response(leaf, *, status="good", this_update, next_update):
    """A response for the leaf, signed by its issuer itself (RFC 6960 §4.2.2.2)."""
    issuer = leaf.issuer
    general = lambda t: tlv(0x18, t.strftime("%Y%m%d%H%M%SZ").encode())
    raw_key = issuer.key.point if isinstance(issuer.key, Ec) else seq(integer(issuer.key.n), integer(issuer.key.e))
    cert_id = seq(seq(oid(HASHES["sha1"]), NULL), octets(hashlib.sha1(name(issuer.subject)).digest()),
                  octets(hashlib.sha1(raw_key).digest()), integer(leaf.serial))
    state = tlv(0x80, b"") if status == "good" else tlv(0xA1, general(this_update - dt.timedelta(days=1)) + explicit(0, tlv(10, b"\1")))
    single = seq(cert_id, state, general(this_update), explicit(0, general(next_update)))
    data = seq(explicit(2, octets(hashlib.sha1(raw_key).digest())), general(this_update), seq(single))
    basic = seq(data, issuer.key.algorithm("sha256"), bits(issuer.key.sign(data)))
    return seq(tlv(10, b"\0"), explicit(0, seq(oid("1.3.6.1.5.5.7.48.1.1"), octets(basic))))


def build(out):
    os.makedirs(out, exist_ok=True)
    day = lambda n: DAY + dt.timedelta(days=n)
    far = lambda y: dt.datetime(y, 1, 1)
    K = {n: Rsa(n) for n in ("root", "issuing-r3", "other-root", "other-issuing", "client-ca", "other-client-ca", "server", "client", "self-signed", "server-2")}
    K["rsa1024"] = Rsa("rsa1024", 1024)
    K.update({n: Ec(n) for n in ("issuing-e5", "server-ec", "client-ec", "challenge")})
    C = {}

    def cert(label, subject, key, issuer=None, **kw):
        kw.setdefault("start", day(-20))
        kw.setdefault("end", day(70))
        c = Certificate(label, subject, K[key], C.get(issuer), **kw)
        C[label] = c
        c.key_label = key
        return c

    long = dict(start=far(2020), end=far(2040), ca=True)
    cert("root", "C=XX, O=Example Trust, CN=Example Root CA R1", "root", **{**long, "start": far(2016)})
    cert("issuing-r3", "C=XX, O=Example Trust, CN=Example Issuing CA R3", "issuing-r3", "root", path_len=0, **long)
    cert("issuing-e5", "C=XX, O=Example Trust, CN=Example Issuing CA E5", "issuing-e5", "root", path_len=0, **long)
    cert("other-root", "C=XX, O=Somebody Else, CN=Other Root", "other-root", **long)
    cert("other-issuing", "C=XX, O=Somebody Else, CN=Other Issuing CA", "other-issuing", "other-root", path_len=0, **long)
    cert("inspection-ca", "C=XX, O=Example Corp Security, CN=Example Corp TLS Inspection CA", "other-issuing", **long)
    cert("client-ca", "C=XX, O=Example Corp, CN=Example Client CA", "client-ca", **long)
    cert("other-client-ca", "C=XX, O=Somebody Else, CN=Other Client CA", "other-client-ca", **long)

    api = dict(dns=("api.example.test", "www.example.test"))
    s = "CN=api.example.test"
    cert("good", s, "server", "issuing-r3", **api)
    cert("good-ec", s, "server-ec", "issuing-e5", **api)
    cert("renewed-ec", s, "server-ec", "issuing-e5", **api)
    cert("expired-ec", s, "server-ec", "issuing-e5", start=day(-95), end=day(-5), **api)
    cert("inspected-ec", s, "server-ec", "inspection-ca", **api)
    cert("renewed", s, "server-2", "issuing-r3", **api)
    cert("wildcard", "CN=*.example.test", "server", "issuing-r3", dns=("*.example.test",))
    cert("wide", s, "server", "issuing-r3", dns=("api.example.test", "www.example.test", "mail.example.test", "ldap.example.test", "db.example.test",
                                                "ftp.example.test", "chat.example.test", "shop.example.test", "ip:10.0.0.2", "ip:2001:db8::2"))
    cert("expired", s, "server", "issuing-r3", start=day(-95), end=day(-5), **api)
    cert("expires-soon", s, "server", "issuing-r3", start=day(-85), end=day(5), **api)
    cert("not-yet-valid", s, "server", "issuing-r3", start=day(2), end=day(92), **api)
    cert("wrong-host", "CN=intranet.example.test", "server", "issuing-r3", dns=("intranet.example.test",))
    cert("self-signed", s, "self-signed", start=day(-100), end=day(265), **api)
    cert("other", s, "server", "other-issuing", **api)
    cert("inspected", s, "server-2", "inspection-ca", **api)
    cert("rsa1024", s, "rsa1024", "issuing-r3", **api)
    cert("sha1", s, "server", "issuing-r3", digest="sha1", **api)
    cert("client-only", s, "server", "issuing-r3", eku=("client",), **api)
    cert("no-signing", s, "server", "issuing-r3", usage=("keyEncipherment",), **api)
    cert("bad-signature", s, "server", "issuing-r3", break_signature=True, **api)
    cert("revoked", s, "server", "issuing-r3", **api)
    cert("must-staple", s, "server", "issuing-r3", extra=[extension("1.3.6.1.5.5.7.1.24", seq(integer(5)))], **api)
    cert("cn-only", s, "server", "issuing-r3")
    cert("not-a-ca-issuer", "CN=files.example.test", "other-client-ca", "issuing-r3", dns=("files.example.test",))
    cert("not-a-ca", s, "server", "not-a-ca-issuer", **api)
    cert("deep-ca", "C=XX, O=Example Trust, CN=Example Branch CA", "other-client-ca", "issuing-r3", **long)
    cert("path-too-long", s, "server", "deep-ca", **api)
    cert("constrained-ca", "C=XX, O=Example Trust, CN=Example Constrained CA", "other-client-ca", "root", path_len=0, extra=[
        extension("2.5.29.30", seq(tlv(0xA0, seq(implicit(2, b"example.org")))), True)], **long)
    cert("name-constraints", s, "server", "constrained-ca", **api)
    # The length of the first dNSName runs past the end of its extension.
    cert("malformed", s, "server", "issuing-r3", edit=lambda tbs: tbs.replace(b"\x82\x10api.example.test", b"\x82\x7fapi.example.test"), **api)
    cert("critical-unknown", s, "server", "issuing-r3", extra=[extension("1.3.6.1.4.1.99999.1", seq(integer(1)), True)], **api)
    cert("k8s-fake", "O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate", "self-signed", dns=("ingress.local",), eku=("server",))
    cert("traefik-default", "CN=TRAEFIK DEFAULT CERT", "self-signed", start=day(-3), end=day(362),
         dns=("5b4f7d2a9c3e81f06d2c1b0a94e8f7d3.6f1e0c9b8a7d6e5f4c3b2a1908f7e6d5.traefik.default",))
    cert("snakeoil", "CN=debian", "self-signed", start=day(-400), end=day(3250), dns=("debian",), eku=())

    for n, host in (("mail", "mail.example.test"), ("shop", "shop.example.test")):
        cert(n, f"CN={host}", "server", "issuing-r3", dns=(host,))
    acme = lambda digest: extension("1.3.6.1.5.5.7.1.31", octets(digest), True)
    proof = hashlib.sha256(b"evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.challenge").digest()
    cert("acme-challenge", "CN=ACME challenge", "challenge", dns=("www.example.test",), start=day(-1), end=day(6), extra=[acme(proof)], eku=())
    cert("acme-wrong-name", "CN=ACME challenge", "challenge", dns=("shop.example.test",), start=day(-1), end=day(6), extra=[acme(proof)], eku=())
    cert("acme-not-self-signed", "CN=www.example.test", "server", "issuing-r3", dns=("www.example.test",), extra=[acme(proof)])
    cert("acme-no-identifier", "CN=ACME challenge", "challenge", dns=("www.example.test",), start=day(-1), end=day(6), eku=())
    cert("five-percent-left", "CN=www.example.test", "server", "issuing-r3", start=day(-86), end=day(4), dns=("www.example.test",))

    person = "O=Example Corp, CN=robot-7"
    cert("client", person, "client", "client-ca", eku=("client",), dns=())
    cert("client-ec", "O=Example Corp, CN=robot-8", "client-ec", "client-ca", eku=("client",))
    cert("client-expired", person, "client", "client-ca", eku=("client",), start=day(-370), end=day(-5))
    cert("client-unknown-ca", person, "client", "other-client-ca", eku=("client",))
    cert("client-self-signed", person, "self-signed", eku=("client",))
    cert("client-wrong-usage", person, "client", "client-ca", eku=("server",))

    for label, c in C.items():
        path = os.path.join(out, label)
        open(path + ".pem", "w").write(c.pem())
        open(path + ".key", "w").write(pem("PRIVATE KEY", c.key.private()))
        chain, at = c.pem(), c
        while at.issuer is not at and at.issuer.issuer is not at.issuer:
            at = at.issuer
            chain += at.pem()
        open(path + ".chain.pem", "w").write(chain)
    write = lambda n, *labels: open(os.path.join(out, n), "w").write("".join(C[x].pem() for x in labels))
    write("other-full-ca.pem", "other-issuing", "other-root")
    write("wrong-order-ca.pem", "root", "issuing-r3")
    write("unrelated-ca.pem", "issuing-r3", "other-issuing", "client-ca")
    write("with-root-ca.pem", "issuing-r3", "root")
    write("not-a-ca-ca.pem", "not-a-ca-issuer", "issuing-r3")
    write("path-too-long-ca.pem", "deep-ca", "issuing-r3")
    write("inspected.chain.pem", "inspected", "inspection-ca")
    write("inspected-ec.chain.pem", "inspected-ec", "inspection-ca")
    open(os.path.join(out, "req.cnf"), "w").write("[req]\ndistinguished_name = dn\nprompt = no\n[dn]\nCN = api.example.test\n[leaf]\nbasicConstraints = critical,CA:FALSE\n"
                                                  "keyUsage = critical,digitalSignature\nextendedKeyUsage = serverAuth\nsubjectAltName = DNS:api.example.test\n")
    staple = lambda n, leaf, **kw: open(os.path.join(out, n + ".ocsp"), "wb").write(ocsp_response(C[leaf], **kw))
    staple("good", "good", this_update=day(-2), next_update=day(5))
    staple("stale", "good", this_update=day(-12), next_update=day(-5))
    staple("revoked", "revoked", status="revoked", this_update=day(-2), next_update=day(5))


if __name__ == "__main__":
    build(sys.argv[1])
