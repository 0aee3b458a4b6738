"""Helpers for recording: network namespaces, programs inside them, captures, and what is written beside a capture.

The network of a story is two namespaces joined by a veth pair of MTU 1500, offloads off, so that segments have the
sizes and checksums they would have on a wire:

    tls-client  10.0.0.7 .8 .9 .21, 2001:db8::7   --- c0 | s0 ---   tls-server  10.0.0.2 .3 .4 .5, 2001:db8::2

A routed story puts a router between them (see `routed`).
"""
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTDATA = os.path.dirname(HERE)
RUN = os.environ.get("RECORD_DIR", "/tmp/tls-record")
CLIENT, SERVER, ROUTER, NODE = "tls-client", "tls-server", "tls-router", "tls-node"
HOSTS = {
    "10.0.0.2": "api.example.test www.example.test mail.example.test ldap.example.test db.example.test ftp.example.test "
                "chat.example.test shop.example.test intranet.example.test a.b.example.test",
    "10.0.0.3": "node2.example.test proxy.example.test",
    "10.0.0.4": "node3.example.test",
    "2001:db8::2": "v6.example.test",
}
CLIENTS4 = ["10.0.0.7", "10.0.0.8", "10.0.0.9", "10.0.0.21"]
SERVERS4 = ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]
STORIES = {}


def sh(*args, check=True, **kw):
    return subprocess.run(list(args), check=check, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)


def in_ns(ns, *args, **kw):
    return sh("ip", "netns", "exec", ns, *args, **kw)


# ---------------------------------------------------------------- the network


def _namespace(ns):
    sh("ip", "netns", "add", ns)
    os.makedirs(f"/etc/netns/{ns}", exist_ok=True)
    with open(f"/etc/netns/{ns}/hosts", "w") as f:
        f.write("127.0.0.1 localhost\n" + "".join(f"{a} {n}\n" for a, n in HOSTS.items()))
    with open(f"/etc/netns/{ns}/resolv.conf", "w") as f:
        f.write("")
    in_ns(ns, "ip", "link", "set", "lo", "up")
    for key, value in (("net.ipv6.conf.all.accept_ra", "0"), ("net.ipv6.conf.default.accept_dad", "0"), ("net.ipv6.conf.default.router_solicitations", "0"),
                       ("net.ipv4.tcp_syn_retries", "2"), ("net.ipv4.tcp_retries2", "4"), ("net.ipv4.tcp_no_metrics_save", "1"),
                       ("net.ipv4.ip_unprivileged_port_start", "0"), ("net.ipv4.ip_local_port_range", "40000 59999"), ("net.ipv4.ip_nonlocal_bind", "1")):
        in_ns(ns, "sysctl", "-qw", f"{key}={value}", check=False)


def _link(ns, dev, mac, addresses):
    in_ns(ns, "ip", "link", "set", dev, "address", mac, "mtu", "1500")
    for kind in ("tso", "gso", "gro", "tx", "rx", "sg"):
        in_ns(ns, "ethtool", "-K", dev, kind, "off", check=False)
    for a in addresses:
        in_ns(ns, "ip", "addr", "add", a, "dev", dev, *(["nodad"] if ":" in a else []))
    in_ns(ns, "ip", "link", "set", dev, "up")


def up():
    down()
    for ns in (CLIENT, SERVER):
        _namespace(ns)
    sh("ip", "link", "add", "c0", "netns", CLIENT, "type", "veth", "peer", "name", "s0", "netns", SERVER)
    _link(CLIENT, "c0", "02:00:00:00:00:07", [a + "/24" for a in CLIENTS4] + ["2001:db8::7/64"])
    _link(SERVER, "s0", "02:00:00:00:00:02", [a + "/24" for a in SERVERS4] + ["2001:db8::2/64"])
    # Neighbours are known from the start, so that no SYN of a capture waits for ARP.
    neighbours(CLIENT, "c0", SERVERS4 + ["2001:db8::2"], "02:00:00:00:00:02")
    neighbours(SERVER, "s0", CLIENTS4 + ["2001:db8::7"], "02:00:00:00:00:07")


def neighbours(ns, dev, addresses, mac):
    for a in addresses:
        in_ns(ns, "ip", "neigh", "replace", a, "lladdr", mac, "dev", dev, "nud", "permanent")


def routed(mtu=1500):
    """Puts a router between: client 10.0.0.7/24 - 10.0.0.1 router 10.0.1.1 - 10.0.1.2/24 server. `mtu` is that of the client's side."""
    down()
    for ns in (CLIENT, ROUTER, SERVER):
        _namespace(ns)
    sh("ip", "link", "add", "c0", "netns", CLIENT, "type", "veth", "peer", "name", "r0", "netns", ROUTER)
    sh("ip", "link", "add", "r1", "netns", ROUTER, "type", "veth", "peer", "name", "s0", "netns", SERVER)
    _link(CLIENT, "c0", "02:00:00:00:00:07", ["10.0.0.7/24", "10.0.0.8/24"])
    _link(ROUTER, "r0", "02:00:00:00:01:01", ["10.0.0.1/24"])
    _link(ROUTER, "r1", "02:00:00:00:01:02", ["10.0.1.1/24"])
    _link(SERVER, "s0", "02:00:00:00:00:02", ["10.0.1.2/24"])
    in_ns(ROUTER, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    in_ns(ROUTER, "ip", "link", "set", "r0", "mtu", str(mtu))
    in_ns(CLIENT, "ip", "route", "add", "default", "via", "10.0.0.1")
    in_ns(SERVER, "ip", "route", "add", "default", "via", "10.0.1.1")
    neighbours(CLIENT, "c0", ["10.0.0.1"], "02:00:00:00:01:01")
    neighbours(ROUTER, "r0", ["10.0.0.7", "10.0.0.8"], "02:00:00:00:00:07")
    neighbours(ROUTER, "r1", ["10.0.1.2"], "02:00:00:00:00:02")
    neighbours(SERVER, "s0", ["10.0.1.1"], "02:00:00:00:01:02")


def balanced():
    """Puts a balancer between that passes packets on (nftables, one node after the other): clients 10.0.0.7 and 10.0.0.8, the address 10.0.0.2, behind it
    10.0.1.2 and 10.0.1.3 on one network, and 10.0.2.2 in an overlay of MTU 1450."""
    routed()
    _namespace(NODE)
    sh("ip", "link", "add", "r2", "netns", ROUTER, "type", "veth", "peer", "name", "n0", "netns", NODE)
    _link(ROUTER, "r2", "02:00:00:00:01:03", ["10.0.2.1/24"])
    _link(NODE, "n0", "02:00:00:00:00:04", ["10.0.2.2/24"])
    in_ns(NODE, "ip", "link", "set", "n0", "mtu", "1450")
    in_ns(NODE, "ip", "route", "add", "default", "via", "10.0.2.1")
    in_ns(SERVER, "ip", "addr", "add", "10.0.1.3/24", "dev", "s0")
    in_ns(ROUTER, "ip", "addr", "add", "10.0.0.2/24", "dev", "r0")
    neighbours(CLIENT, "c0", ["10.0.0.2"], "02:00:00:00:01:01")
    neighbours(ROUTER, "r1", ["10.0.1.3"], "02:00:00:00:00:02")
    neighbours(ROUTER, "r2", ["10.0.2.2"], "02:00:00:00:00:04")
    neighbours(NODE, "n0", ["10.0.2.1"], "02:00:00:00:01:03")
    sh("ip", "netns", "exec", ROUTER, "nft", "-f", "-", input=BALANCE)


BALANCE = """table ip balance {
    chain prerouting {
        type nat hook prerouting priority dstnat;
        ip daddr 10.0.0.2 tcp dport 443 dnat to numgen inc mod 3 map { 0 : 10.0.1.2, 1 : 10.0.1.3, 2 : 10.0.2.2 }
    }
}
"""


def down():
    for ns in (CLIENT, SERVER, ROUTER, NODE):
        sh("ip", "netns", "del", ns, check=False)
        shutil.rmtree(f"/etc/netns/{ns}", ignore_errors=True)
    time.sleep(0.05)


def wired():
    """Like `up`, but the two ends meet in the router's namespace as r0 and r1, where `programs/wire.py` passes frames on."""
    down()
    for ns in (CLIENT, ROUTER, SERVER):
        _namespace(ns)
    sh("ip", "link", "add", "c0", "netns", CLIENT, "type", "veth", "peer", "name", "r0", "netns", ROUTER)
    sh("ip", "link", "add", "r1", "netns", ROUTER, "type", "veth", "peer", "name", "s0", "netns", SERVER)
    _link(CLIENT, "c0", "02:00:00:00:00:07", [a + "/24" for a in CLIENTS4])
    _link(SERVER, "s0", "02:00:00:00:00:02", [a + "/24" for a in SERVERS4])
    for dev in ("r0", "r1"):
        in_ns(ROUTER, "sysctl", "-qw", f"net.ipv6.conf.{dev}.disable_ipv6=1", check=False)
        in_ns(ROUTER, "ip", "link", "set", dev, "up", "promisc", "on")
    neighbours(CLIENT, "c0", SERVERS4, "02:00:00:00:00:02")
    neighbours(SERVER, "s0", CLIENTS4, "02:00:00:00:00:07")


def nft(ns, rules):
    """Loads rules for incoming packets (`input`) into a namespace; lines starting with `out` are for outgoing ones."""
    hooks = {"input": [], "output": [], "forward": []}
    for rule in rules.split(";"):
        hook, _, rest = rule.strip().partition(": ")
        hooks[hook].append(rest)
    text = "flush ruleset\ntable inet f {\n"
    for hook, lines in hooks.items():
        text += f"chain {hook} {{\ntype filter hook {hook} priority 0;\n" + "".join(x + "\n" for x in lines) + "}\n"
    text += "}\n"
    sh("ip", "netns", "exec", ns, "nft", "-f", "-", input=text)


# ---------------------------------------------------------------- one story


class Recording:
    def __init__(self, entry):
        self.entry = entry
        self.dir = os.path.join(RUN, "run", entry["folder"], entry["name"])
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        os.symlink(os.path.join(RUN, "pki"), os.path.join(self.dir, "pki"))
        os.symlink(os.path.join(HERE, "programs"), os.path.join(self.dir, "programs"))
        os.symlink(os.path.join(RUN, "bin"), os.path.join(self.dir, "bin"))
        self.write("hello.txt", "hello\n")
        self.write("empty.cnf", "")
        self.processes = []
        self.commands = []
        self.connections = []
        self.fleet = []
        self.capture_findings = []
        self.captures = []
        self.ca = entry.get("ca", "root.pem")
        self.keylog = False
        self.logs = {}
        self.software = []
        venv = os.path.join(RUN, "venv", "bin")
        self.env = dict(os.environ, PATH=f"{venv}:/usr/sbin:/usr/bin:/sbin:/bin", OPENSSL_CONF="empty.cnf", LC_ALL="C", PYTHONDONTWRITEBYTECODE="1", HOME=self.dir)
        self.post = None
        self.form = entry.get("form", "pcap")

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "wb" if isinstance(text, bytes) else "w") as f:
            f.write(text)
        return name

    def _start(self, ns, command, log=None, stdin=None, env=None):
        out = open(os.path.join(self.dir, log), "ab") if log else subprocess.DEVNULL
        p = subprocess.Popen(["ip", "netns", "exec", ns, "sh", "-c", command if command.startswith("(") else "exec " + command], cwd=self.dir, stdin=stdin or subprocess.DEVNULL,
                             stdout=out, stderr=subprocess.STDOUT, env={**self.env, **(env or {})}, start_new_session=True)
        self.processes.append(p)
        return p

    def note(self, who, command, env=None):
        prefix = "".join(f"{k}={v} " for k, v in (env or {}).items())
        self.commands.append((who, prefix + command))

    def server(self, command, port=443, log=None, env=None, show=True, ns=SERVER, stdin=None, wait=True):
        if show:
            self.note("server", command, env)
        p = self._start(ns, command, log or "server.out", stdin=stdin, env=env)
        if wait:
            for _ in range(200):
                listening = in_ns(ns, "ss", "-Hltun").stdout
                if re.search(rf":{port}\s", listening):
                    return p
                if p.poll() not in (None, 0):
                    break
                time.sleep(0.05)
            sys.stderr.write(f"!! {self.entry['name']}: server did not start: {command}\n" + open(os.path.join(self.dir, log or "server.out")).read())
        return p

    def stop(self, p):
        if p.poll() is None:
            try:
                os.killpg(p.pid, signal.SIGTERM)
                p.wait(2)
            except (subprocess.TimeoutExpired, ProcessLookupError):
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()
        if p in self.processes:
            self.processes.remove(p)

    def client(self, command, input="", timeout=15, log=None, env=None, show=True, ns=CLIENT, hold=0):
        """Runs a client to its end; `hold` keeps its standard input open for so many seconds after `input`."""
        if show:
            self.note("client", command, env)
        p = self._start(ns, command, log or "client.out", stdin=subprocess.PIPE, env=env)
        try:
            p.stdin.write(input.encode())
            p.stdin.flush()
            if hold:
                end = time.time() + hold
                while time.time() < end and p.poll() is None:
                    time.sleep(0.05)
            p.stdin.close()
        except BrokenPipeError:
            pass
        try:
            p.wait(timeout)
        except subprocess.TimeoutExpired:
            self.stop(p)
        if p in self.processes:
            self.processes.remove(p)
        return p.returncode

    def background(self, command, log=None, env=None, show=True, ns=CLIENT, who="client"):
        if show:
            self.note(who, command, env)
        return self._start(ns, command, log or "client.out", env=env)

    def start_capture(self, ns=CLIENT, dev="c0", file="capture.raw", snaplen=0, options="", filter="tcp or icmp or (icmp6 and ip6[40] < 128)"):
        p = subprocess.Popen(f"ip netns exec {ns} tcpdump -i {dev} -n -U --immediate-mode -s {snaplen} -B 4096 -Z root {options} -w {file} '{filter}'", shell=True,
                             cwd=self.dir, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
        line = p.stderr.readline()
        while b"listening on" not in line and line:
            line = p.stderr.readline()
        self.captures.append(p)
        time.sleep(0.05)
        return p

    def stop_capture(self, p=None):
        time.sleep(0.25)
        for c in [p] if p else list(self.captures):
            os.killpg(c.pid, signal.SIGINT)
            c.wait()
            c.stderr.close()
            self.captures.remove(c)

    def expect(self, outcome, verdict=None, must=(), never=(), any_of=(), **more):
        entry = {"outcome": outcome, "verdict": verdict}
        if any_of:
            entry["verdict_any_of"] = list(any_of)
        must = list(must)
        if verdict and verdict not in must:
            must.insert(0, verdict)
        entry["must_find"] = must
        entry["must_not_find"] = list(never)
        entry.update(more)
        self.connections.append(entry)

    def log(self, kind, source):
        """Takes what a program printed as server.log or client.log."""
        self.logs[kind] = source

    def close(self):
        for p in list(self.processes):
            self.stop(p)
        for c in list(self.captures):
            self.stop_capture(c)


def story(name, title, folder="captures", **kw):
    def register(function):
        STORIES[(folder, name)] = dict(name=name, title=title, folder=folder, record=function, doc=function.__doc__ or "", group=function.__module__, **kw)
        return function
    return register


def streams(path):
    """The connections of a capture in order of their first frame: (client, server) with ports."""
    return [(c, s) for _, c, s in sorted(conversations(path, "tcp") + conversations(path, "udp"))]


def conversations(path, kind):
    out = sh("tshark", "-r", path, "-Y", f"{kind} && !vxlan" if kind == "udp" else kind, "-T", "fields", "-e", f"{kind}.stream", "-e", "ip.src", "-e", "ipv6.src", "-e", f"{kind}.srcport",
             "-e", "ip.dst", "-e", "ipv6.dst", "-e", f"{kind}.dstport", "-e", "tcp.flags.syn", "-e", "tcp.flags.ack", "-e", "icmp.type", "-e", "icmpv6.type", "-e", "frame.number",
             check=False).stdout
    ends, first = {}, {}
    for line in out.splitlines():
        f = line.split("\t")
        if f[9] or f[10]:
            continue
        f = [x.split(",")[-1] for x in f]
        first.setdefault(int(f[0]), int(f[11]))
        number, src, dst = int(f[0]), (f[1] or f[2], int(f[3])), (f[4] or f[5], int(f[6]))
        if number in ends and not (f[7] == "1" and f[8] == "0"):
            continue
        syn, ack = f[7] == "1", f[8] == "1"
        if (syn and ack) or (not syn and src[1] < dst[1]):
            src, dst = dst, src
        ends.setdefault(number, (src, dst))
    show = lambda e: f"[{e[0]}]:{e[1]}" if ":" in e[0] else f"{e[0]}:{e[1]}"
    return [(first[n], show(c), show(s)) for n, (c, s) in sorted(ends.items())]


VERSIONS = [
    (r"\bopenssl (s_|ocsp)", ["openssl", "version"]), (r"\bcurl ", ["curl", "--version"]), (r"gnutls-(cli|serv)", ["gnutls-cli", "--version"]),
    (r"\bnginx ", ["nginx", "-v"]), (r"\bhaproxy ", ["haproxy", "-v"]), (r"bin/go", ["go", "version"]), (r"\bjava ", ["java", "-version"]),
    (r"\bnode ", ["node", "--version"]), (r"\bpython3 ", ["/usr/bin/python3", "-c", "import sys,ssl;print('Python',sys.version.split()[0],'with',ssl.OPENSSL_VERSION)"]),
    (r"\bwget ", ["wget", "--version"]), (r"\bcaddy ", ["caddy", "version"]), (r"tstclnt|selfserv", ["dpkg-query", "-W", "-f", "NSS ${Version} (libnss3-tools)", "libnss3-tools"]),
    (r"\bapache2 ", ["apache2", "-v"]), (r"\bmosquitto ", ["dpkg-query", "-W", "-f", "mosquitto ${Version}", "mosquitto"]),
    (r"c-wolfssl ", ["dpkg-query", "-W", "-f", "wolfSSL ${Version}", "libwolfssl-dev"]), (r"c-mbedtls ", ["dpkg-query", "-W", "-f", "mbed TLS ${Version}", "libmbedtls-dev"]),
    (r"\bescript ", ["dpkg-query", "-W", "-f", "Erlang/OTP ${Version}", "erlang-ssl"]), (r"\bruby ", ["ruby", "--version"]), (r"\bphp ", ["php", "--version"]),
    (r"\bperl ", ["dpkg-query", "-W", "-f", "IO::Socket::SSL ${Version}", "libio-socket-ssl-perl"]), (r"\bgit ", ["dpkg-query", "-W", "-f", "git with libcurl3-gnutls ${Version}", "libcurl3-gnutls"]),
    (r"\bs2n\.py", [os.path.join(RUN, "venv", "bin", "python3"), "-c", "import awscrt;print('s2n-tls of awscrt', awscrt.__version__)"]),
    (r"\benvoy ", ["sh", "-c", f"{RUN}/venv/bin/envoy --version | sed 's|.*/\\([0-9.]*\\)/.*|Envoy \\1|'"]), (r"\btraefik ", ["sh", "-c", f"{RUN}/venv/bin/traefik version | sed -n 's/^Version: */Traefik /p'"]),
    (r"\bstunnel", ["dpkg-query", "-W", "-f", "stunnel ${Version}", "stunnel4"]),
]


def software(commands):
    text = "\n".join(c for _, c in commands)
    out = []
    for pattern, command in VERSIONS:
        if re.search(pattern, text):
            r = sh(*command, check=False)
            first = (r.stdout or r.stderr).strip().splitlines()[0]
            if command[0] == "node":
                first = "Node.js " + first
            out.append(re.sub(r" \((Library|x86_64).*|^go version | linux/amd64| - https.*| built on linux-gnu.*", "", first) + (" (OpenSSL)" if command[0] == "curl" else ""))
    return out


CONFIGS = ("nginx.conf", "apache.conf", "mosquitto.conf", "haproxy.cfg", "Caddyfile", "stunnel.conf", "envoy.yaml", "dynamic.yml", "no-ems.cnf", "server.cnf", "client.cnf", "java.security", "in.fifo.sh")


def publish(r, entry):
    """Moves what was recorded into testdata/FOLDER/NAME and writes README.md and expect.json beside it."""
    target = os.path.join(TESTDATA, entry["folder"], entry["name"])
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(target)
    raw = os.path.join(r.dir, "capture.raw")
    if r.post:
        r.post(r.dir)
    form = r.form
    files = []
    if form == "pcap":
        shutil.copyfile(raw, os.path.join(target, "capture.pcap"))
        files.append("capture.pcap")
    elif form == "pcapng":
        sh("editcap", "-F", "pcapng", raw, os.path.join(target, "capture.pcapng"))
        files.append("capture.pcapng")
    elif form == "pcap.gz":
        with open(raw, "rb") as f, open(os.path.join(target, "capture.pcap.gz"), "wb") as g, gzip.GzipFile("", "wb", 9, g, 0) as z:
            z.write(f.read())
        files.append("capture.pcap.gz")
    elif callable(form):
        files = form(r.dir, target)
    else:
        raise ValueError(form)
    whole = os.path.join(target, files[0])
    if len(files) > 1:
        whole = os.path.join(r.dir, "whole.pcapng")
        sh("mergecap", "-w", whole, *(os.path.join(target, f) for f in files))
    ends = streams(whole)
    if len(ends) != len(r.connections):
        sys.stderr.write(f"!! {entry['name']}: {len(ends)} connections in the capture, {len(r.connections)} expected\n")
    connections = []
    for (c, s), e in zip(ends, r.connections):
        connections.append({"client": c, "server": s, **e})
    keys = os.path.join(r.dir, "keys.log")
    keylog = None
    if r.keylog and os.path.exists(keys):
        lines = [x for x in open(keys).read().splitlines() if x and not x.startswith("#")]
        with open(os.path.join(target, "keys.log"), "w") as f:
            f.write("\n".join(lines) + "\n")
        keylog = "keys.log"
    log = None
    for kind, source in r.logs.items():
        path = os.path.join(r.dir, source)
        text = open(path, errors="replace").read() if os.path.exists(path) else ""
        if not text.strip():
            sys.stderr.write(f"!! {entry['name']}: {source} is empty\n")
            continue
        text = text.replace(r.dir + "/", "")
        # what nginx and Apache say at their start and stop tells only about the machine
        text = "".join(x for x in text.splitlines(True) if not re.search(r"\[notice\]|:notice\]|epoll_wait\(\) failed|AH018[78]\d|AH01914|AH02568|AH02155|AH10159", x))
        with open(os.path.join(target, kind), "w") as f:
            f.write(text.rstrip() + "\n")
        if log is None or kind == "server.log":
            log = kind
    expected = {"file": files[0] if len(files) == 1 else files, "ca_file": f"../../pki/{r.ca}" if r.ca else None, "keylog": keylog, "log": log,
                "connections": connections, "fleet_must_find": r.fleet, "capture_must_find": r.capture_findings}
    if entry["folder"].startswith("stories"):
        expected["ca_file"] = f"../../../pki/{r.ca}" if r.ca else None
    expected.update(r.entry.get("expected", {}))
    with open(os.path.join(target, "expect.json"), "w") as f:
        json.dump(expected, f, indent=2)
        f.write("\n")
    doc = "\n".join(line.strip() for line in (r.entry.get("doc") or "").strip().splitlines())
    text = [f"# {entry['name']}", "", entry["title"] + ".", ""]
    if doc:
        text += [doc, ""]
    seen = set()
    rows = [(w, c) for w, c in r.commands if not ((w, c) in seen or seen.add((w, c)))]
    text += [f"Software: {'; '.join(software(rows) + r.software) or 'the Linux TCP stack alone'}.", "", "```text"]
    text += [f"{w}: {c}" for w, c in rows]
    text += ["```", ""]
    for config in CONFIGS:
        path = os.path.join(r.dir, config)
        if os.path.exists(path) and any(config in c for _, c in rows):
            text += [f"{config}:", "", "```text", open(path).read().strip(), "```", ""]
    text += [f"Recorded by `testdata/record/all.sh {entry['folder'] + '/' if entry['folder'] != 'captures' else ''}{entry['name']}`. License: the same as the project's; nothing in it comes from elsewhere."]
    with open(os.path.join(target, "README.md"), "w") as f:
        f.write("\n".join(text) + "\n")
    return target


def run(entry):
    r = Recording(entry)
    started = time.time()
    try:
        entry["record"](r)
    finally:
        r.close()
        nft_clear()
    target = publish(r, entry)
    size = sum(os.path.getsize(os.path.join(target, f)) for f in os.listdir(target) if ".pcap" in f)
    print(f"{entry['folder']}/{entry['name']}: {len(r.connections)} connections, {size} bytes, {time.time() - started:.1f} s", flush=True)
    if entry.get("routed"):
        up()


def nft_clear():
    for ns in (CLIENT, SERVER):
        in_ns(ns, "nft", "flush", "ruleset", check=False)
        in_ns(ns, "tc", "qdisc", "del", "dev", "c0" if ns == CLIENT else "s0", "root", check=False)
