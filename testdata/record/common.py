"""Commands that many stories share."""

CA = "-CAfile pki/root.pem -verify_return_error -verify_hostname api.example.test"
GET = "GET /hello.txt HTTP/1.0\r\n\r\n"


def s_server(r, options="", cert="good", chain="issuing-r3", address="10.0.0.2", port=443, www="-WWW", **kw):
    chain = f"-cert_chain pki/{chain}.pem " if chain else ""
    return r.server(f"openssl s_server -accept {address}:{port} -cert pki/{cert}.pem -key pki/{cert}.key {chain}{www} {options}".strip(), port=port, **kw)


def s_client(r, options="", address="10.0.0.2", port=443, name="api.example.test", verify=CA, input=GET, bind=None, **kw):
    sni = f"-servername {name} " if name else "-noservername "
    bind = f"-bind {bind}:0 " if bind else ""
    return r.client(f"openssl s_client -connect {address}:{port} {bind}{sni}{verify} -quiet {options}".strip(), input=input, **kw)


def curl(r, options="", url="https://api.example.test/hello.txt", ca="--cacert pki/root.pem", show_error=True, **kw):
    return r.client(f"curl -sS {ca} {options} {url}".replace("  ", " "), **kw)


def go_client(r, options="", **kw):
    return r.client(f"bin/go-tls-client -ca pki/root.pem {options}".strip(), **kw)


def go_server(r, options="", **kw):
    return r.server(f"bin/go-tls-server {options}".strip(), **kw)


def java_client(r, url="https://api.example.test/", options="", props="", **kw):
    return r.client(f"java -Xshare:auto -XX:TieredStopAtLevel=1 {props} -cp bin Client {url} pki/root.pem {options}".replace("  ", " ").strip(), timeout=25, **kw)


NGINX = """daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log stderr info;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path tmp;
    proxy_temp_path tmp;
    fastcgi_temp_path tmp;
    uwsgi_temp_path tmp;
    scgi_temp_path tmp;
    {http}
}}
"""
NGINX_SERVER = """server {{
        listen {listen};
        server_name {name};
        ssl_certificate pki/{cert}.chain.pem;
        ssl_certificate_key pki/{cert}.key;
        {extra}
        location / {{ return 200 "hello\\n"; }}
    }}"""


def nginx_site(name="api.example.test", cert="good", listen="10.0.0.2:443 ssl", extra=""):
    return NGINX_SERVER.format(name=name, cert=cert, listen=listen, extra=extra)


def nginx(r, *sites, port=443, log="server.out"):
    r.write("nginx.conf", NGINX.format(http="\n    ".join(sites)))
    return r.server('nginx -p . -c nginx.conf -e stderr', port=port, log=log)


def haproxy(r, text, port=443, log="server.out"):
    r.write("haproxy.cfg", "global\n    log stdout format raw local0\n    ssl-server-verify none\ndefaults\n    mode http\n    log global\n    option httplog\n"
            "    timeout connect 2s\n    timeout client 4s\n    timeout server 4s\n" + text)
    return r.server("haproxy -f haproxy.cfg -db", port=port, log=log)


def gnutls_cli(r, options="", name="api.example.test", address="10.0.0.2", port=443, input=GET, **kw):
    return r.client(f"gnutls-cli --x509cafile pki/root.pem --sni-hostname {name} --verify-hostname {name} -p {port} {options} {address}".replace("  ", " "), input=input,
                    hold=kw.pop("hold", 0.6), **kw)


def gnutls_serv(r, options="", cert="good", port=443, **kw):
    return r.server(f"gnutls-serv --http --disable-client-cert --x509certfile pki/{cert}.chain.pem --x509keyfile pki/{cert}.key -p {port} {options}".strip(), port=port, **kw)


def py(r, program, **kw):
    return r.server(f"python3 programs/{program}", **kw)
