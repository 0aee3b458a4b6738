"""Servers that talk before TLS, as Debian packages them: PostgreSQL, MariaDB, Postfix, Dovecot, stunnel, and Apache's own ways to ask for a certificate."""
import os
import time

from common import *
from lib import sh, story

UNKNOWN = "-cert pki/client-unknown-ca.pem -key pki/client-unknown-ca.key"


def readable(r, owner, *names):
    """Copies of keys for servers that run as somebody else and check who may read them."""
    for name in names:
        sh("install", "-o", owner, "-m", "600", f"{r.dir}/pki/{name}.key", f"{r.dir}/{name}.key")


def starttls(r, protocol, port, options="", log="c", **kw):
    return r.client(f"openssl s_client -connect 10.0.0.2:{port} -starttls {protocol} -servername api.example.test -name client.example.test {CA} {options}".strip(),
                    log=log, timeout=6, input=kw.pop("input", "QUIT\r\n"), **kw)


def direct(r, port, options="", log="c", **kw):
    return r.client(f"openssl s_client -connect 10.0.0.2:{port} -servername api.example.test {CA} {options}".strip(), log=log, timeout=6, **kw)


def plain(r, port, text, **kw):
    return r.client(f"curl -sS -m 3 telnet://10.0.0.2:{port}", input=text, timeout=6, hold=2, **kw)


def done(r):
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")


def postgres(r, options=""):
    tools = "/usr/lib/postgresql/15/bin"
    readable(r, "postgres", "good")
    sh("install", "-d", "-o", "postgres", f"{r.dir}/data")
    sh("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", f"{tools}/initdb", "-A", "trust", "--no-sync", "-D", f"{r.dir}/data")
    with open(f"{r.dir}/data/pg_hba.conf", "w") as file:
        file.write("hostssl all robot-7 all cert clientcert=verify-full\nhostssl all all all trust\n")
    r.server(f"setpriv --reuid=postgres --regid=postgres --clear-groups {tools}/postgres -D data -h 10.0.0.2 -k '' -c ssl=on -c ssl_cert_file=$PWD/pki/good.chain.pem"
             f" -c ssl_key_file=$PWD/good.key -c ssl_ca_file=$PWD/pki/client-ca.pem {options}".strip(), port=5432, log="s")


def psql(r, options, **kw):
    r.client(f"psql 'host=api.example.test dbname=postgres sslmode=verify-full sslrootcert=pki/root.pem {options}' -c 'select 1'", log="c", timeout=8, **kw)


@story("server-postgres", "PostgreSQL 15 of TLS 1.2 alone: a healthy client, one of TLS 1.3 alone, a certificate of an unknown authority, none where pg_hba.conf wants one, TLS without SSLRequest")
def _(r):
    postgres(r, "-c ssl_max_protocol_version=TLSv1.2")
    sh("sh", "-c", f"install -m 600 {r.dir}/pki/client-unknown-ca.key {r.dir}/client-unknown-ca.key")
    r.start_capture()
    psql(r, "user=postgres")
    r.expect("completed")
    psql(r, "user=postgres ssl_min_protocol_version=TLSv1.3")
    r.expect("failed", "version.no-overlap")
    psql(r, "user=robot-7 sslcert=pki/client-unknown-ca.pem sslkey=client-unknown-ca.key")
    r.expect("failed", "client-auth.untrusted-issuer")
    psql(r, "user=robot-7")
    r.expect("completed")
    direct(r, 5432)
    r.expect("failed", "tcp.closed-after-client-hello")
    done(r)


USERS = "CREATE USER 'robot'@'%'; CREATE USER 'robot-7'@'%' REQUIRE X509"


def mariadb(r, options="", users=USERS):
    readable(r, "mysql", "good")
    sh("sh", "-c", f"cd {r.dir} && mariadb-install-db --no-defaults --user=mysql --datadir=$PWD/data --auth-root-authentication-method=normal --skip-test-db >install.out 2>&1")
    r.server(f"mariadbd --no-defaults --user=mysql --datadir=$PWD/data --socket=$PWD/data/sock --pid-file=$PWD/data/pid --bind-address=10.0.0.2"
             f" --ssl-cert=$PWD/pki/good.chain.pem --ssl-key=$PWD/good.key --ssl-ca=$PWD/pki/client-ca.pem --require-secure-transport=ON {options}".strip(), port=3306, log="s")
    if users:
        sh("mariadb", "--no-defaults", "-S", f"{r.dir}/data/sock", "-u", "root", "-e", users)


def mysql(r, options, **kw):
    r.client(f"mariadb --no-defaults -h api.example.test --ssl-ca=pki/root.pem --ssl-verify-server-cert {options} -e 'select 1'", log="c", timeout=8, **kw)


@story("server-mariadb", "MariaDB 10.11 of TLS 1.2 alone: a healthy client, one of TLS 1.3 alone, a certificate of an unknown authority, none where the user wants one, TLS without the greeting")
def _(r):
    mariadb(r, "--tls-version=TLSv1.2")
    r.start_capture()
    mysql(r, "-u robot")
    r.expect("completed")
    mysql(r, "-u robot --tls-version=TLSv1.3")
    r.expect("failed", "version.no-overlap")
    mysql(r, "-u robot-7 --ssl-cert=pki/client-unknown-ca.pem --ssl-key=pki/client-unknown-ca.key")
    # MariaDB names no authority, so that a private root and a missing intermediate look the same.
    r.expect("failed", None, any_of=["chain.missing-intermediate", "chain.untrusted-root"])
    mysql(r, "-u robot-7")
    r.expect("completed")
    direct(r, 3306)
    r.expect("failed", "protocol.plaintext-reply")
    done(r)


@story("starttls-mysql-turned-away", "MariaDB has no user for the client's address and says so in place of its greeting")
def _(r):
    mariadb(r, users=None)
    r.start_capture()
    mysql(r, "-u robot")
    r.expect("failed", "protocol.starttls-refused")
    done(r)


def postfix(r, master):
    sh("sh", "-c", f"mkdir -p {r.dir}/conf && cp /etc/postfix/post-install /etc/postfix/postfix-files {r.dir}/conf/ 2>/dev/null; mkdir -p {r.dir}/queue {r.dir}/lib && chown postfix {r.dir}/lib")
    r.write("conf/main.cf", f"""compatibility_level = 3.6
queue_directory = {r.dir}/queue
data_directory = {r.dir}/lib
maillog_file_prefixes = /
maillog_file = {r.dir}/s
inet_interfaces = 10.0.0.2
inet_protocols = ipv4
myhostname = api.example.test
mydestination =
local_recipient_maps =
alias_maps =
smtpd_tls_chain_files = {r.dir}/pki/good.key, {r.dir}/pki/good.chain.pem
smtpd_tls_CAfile = {r.dir}/pki/client-ca.pem
smtpd_tls_security_level = may
smtpd_tls_loglevel = 1
""")
    r.write("conf/master.cf", f"""{master}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
""")
    r.server(f"postfix -c {r.dir}/conf start-fg", port=25, log="server.out", show=False)
    r.note("server", "postfix start-fg   # master.cf: " + "; ".join(" ".join(line.split()) for line in master.splitlines()))
    time.sleep(0.5)


@story("server-postfix", "Postfix 3.7: STARTTLS with no common version, TLS to port 25, STARTTLS switched off; port 465 with a certificate required: none, one of an unknown authority, plain SMTP")
def _(r):
    postfix(r, """smtp inet n - n - - smtpd -o smtpd_tls_protocols=>=TLSv1.3
587 inet n - n - - smtpd -o smtpd_tls_security_level=none
465 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_tls_security_level=encrypt -o smtpd_tls_req_ccert=yes""")
    r.start_capture()
    starttls(r, "smtp", 25)
    r.expect("completed")
    starttls(r, "smtp", 25, "-tls1_2")
    r.expect("failed", "version.no-overlap")
    direct(r, 25)
    r.expect("failed", "protocol.plaintext-reply")
    starttls(r, "smtp", 587)
    r.expect("failed", "protocol.starttls-refused")
    # Postfix says in SMTP, inside TLS, that it wants another certificate.
    direct(r, 465, "-tls1_2")
    r.expect("completed")
    direct(r, 465, f"-tls1_2 {UNKNOWN}")
    r.expect("completed")
    plain(r, 465, "EHLO client.example.test\r\n", log="c")
    r.expect("failed", "protocol.not-tls")
    done(r)


def dovecot(r):
    r.write("dovecot.conf", f"""protocols = imap pop3
base_dir = {r.dir}/base
state_dir = {r.dir}/base
instance_name = recording
log_path = /dev/stderr
listen = 10.0.0.2
ssl = required
ssl_cert = <{r.dir}/pki/good.chain.pem
ssl_key = <{r.dir}/pki/good.key
ssl_min_protocol = TLSv1.3
verbose_ssl = yes
default_login_user = dovenull
default_internal_user = dovecot
auth_ssl_require_client_cert = no
local 10.0.0.2 {{
  protocol pop3 {{
    ssl_min_protocol = TLSv1.2
    ssl_ca = <{r.dir}/pki/client-ca.pem
    ssl_require_crl = no
    ssl_verify_client_cert = yes
  }}
}}
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
""")
    r.server("dovecot -F -c dovecot.conf", port=993, log="s")
    time.sleep(0.3)


@story("server-dovecot", "Dovecot 2.3: IMAP of TLS 1.3 alone with a client of TLS 1.2, TLS to port 143, plain IMAP to 993; POP3 with a certificate of an unknown authority, plain POP3 to 995")
def _(r):
    dovecot(r)
    r.start_capture()
    starttls(r, "imap", 143, input="a LOGOUT\r\n")
    r.expect("completed")
    # Dovecot closes before its alert is out.
    starttls(r, "imap", 143, "-tls1_2")
    r.expect("failed", None, any_of=["tcp.closed-after-client-hello", "version.no-overlap"])
    direct(r, 143)
    r.expect("failed", "protocol.plaintext-reply")
    plain(r, 993, "a LOGIN user secret\r\n", log="c")
    r.expect("failed", "protocol.not-tls")
    starttls(r, "pop3", 110, f"-tls1_2 {UNKNOWN}")
    r.expect("completed")
    direct(r, 110)
    r.expect("failed", "protocol.plaintext-reply")
    plain(r, 995, "USER user\r\n", log="c")
    r.expect("failed", "protocol.not-tls")
    done(r)


@story("server-stunnel", "stunnel 5.68 that wants a certificate of its authority: none, one of an unknown authority, a client of TLS 1.2 for a server of TLS 1.3, plain text")
def _(r):
    service = "accept = 10.0.0.2:{port}\nconnect = 10.0.0.2:80\ncert = pki/good.chain.pem\nkey = pki/good.key\n"
    r.write("stunnel.conf", "foreground = yes\ndebug = 6\npid =\n[mtls]\n" + service.format(port=443) + "CAfile = pki/client-ca.pem\nverifyChain = yes\nrequireCert = yes\n"
            "[new]\n" + service.format(port=444) + "sslVersionMin = TLSv1.3\n")
    r.server("stunnel stunnel.conf", port=444, log="s")
    r.start_capture()
    s_client(r, "-tls1_2", log="c")
    r.expect("failed", "client-auth.missing")
    s_client(r, f"-tls1_2 {UNKNOWN}", log="c")
    r.expect("failed", "client-auth.untrusted-issuer")
    s_client(r, log="c")
    r.expect("failed", "client-auth.missing", any_of=["client-auth.rejected"])
    s_client(r, "-tls1_2", port=444, log="c")
    r.expect("failed", "version.no-overlap")
    plain(r, 443, "hello\r\n", log="c")
    r.expect("failed", "protocol.not-tls")
    done(r)


@story("server-apache", "Apache 2.4: a location that wants a certificate (renegotiation in TLS 1.2, post-handshake authentication in 1.3), a host that does, plain HTTP to its port 443, TLS to its port 80")
def _(r):
    r.write("httpd.conf", f"""ServerRoot {r.dir}
PidFile httpd.pid
Listen 10.0.0.2:80
Listen 10.0.0.2:443
Listen 10.0.0.2:444
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
ServerName api.example.test
DocumentRoot {r.dir}/www
ErrorLog /dev/stderr
LogLevel info ssl:info
<VirtualHost *:443>
  SSLEngine on
  SSLCertificateFile pki/good.chain.pem
  SSLCertificateKeyFile pki/good.key
  SSLCACertificateFile pki/client-ca.pem
  <Location /private>
    SSLVerifyClient require
  </Location>
</VirtualHost>
<VirtualHost *:444>
  SSLEngine on
  SSLCertificateFile pki/good.chain.pem
  SSLCertificateKeyFile pki/good.key
  SSLCACertificateFile pki/client-ca.pem
  SSLVerifyClient require
</VirtualHost>
""")
    os.makedirs(f"{r.dir}/www", exist_ok=True)
    for name in ("index.html", "private"):
        r.write(f"www/{name}", "hello\n")
    r.server("apache2 -X -f $PWD/httpd.conf", port=444, log="s")
    private = "https://api.example.test/private"
    unknown = "--cert pki/client-unknown-ca.pem --key pki/client-unknown-ca.key"
    r.start_capture()
    curl(r, "--tls-max 1.2", url=private, log="c")
    r.expect("completed")
    curl(r, f"--tls-max 1.2 {unknown}", url=private, log="c")
    r.expect("completed")
    curl(r, "--tls-max 1.2 --cert pki/client.pem --key pki/client.key", url=private, log="c")
    r.expect("completed")
    s_client(r, f"-enable_pha {UNKNOWN}", input="GET /private HTTP/1.0\r\n\r\n", hold=1, log="c")
    r.expect("completed")
    curl(r, "--tls-max 1.2", url="https://api.example.test:444/", log="c")
    r.expect("failed", "client-auth.missing")
    curl(r, f"--tls-max 1.2 {unknown}", url="https://api.example.test:444/", log="c")
    r.expect("failed", "client-auth.untrusted-issuer")
    curl(r, url="http://api.example.test:443/", log="c")
    r.expect("failed", "protocol.http-to-tls-port")
    curl(r, url="https://api.example.test:80/", log="c")
    r.expect("failed", "protocol.plaintext-reply")
    done(r)
