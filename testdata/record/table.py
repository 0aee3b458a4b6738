#!/usr/bin/env python3
"""Writes testdata/README.md: what is recorded, one line a story, and testdata/pki/ (public certificates)."""
import json
import os
import shutil

import lib
import record  # noqa: F401  registers the stories

HEAD = """# testdata

Captures of real handshakes, recorded by the scripts in `record/` (see there for how to do it again). Nothing here
comes from elsewhere; the license is the project's.

Each folder holds `capture.*` (pcap, pcapng or gzip), `README.md` (what happens, with which software, by which commands),
`expect.json` (what an expert says from the frames), where they exist `keys.log` (NSS key log), `server.log` and `client.log`
(what the programs printed). `pki/` has the authorities: `root.pem` is the one that the clients trust.

In `expect.json`: `verdict` is the code that must be the verdict; where it is `null` and `verdict_any_of` is there, one of those must be it
(the capture cannot tell, or several are honest); where both are there, `verdict` is the better answer. `verdict` `null` alone means: no verdict.
`outcome_any_of` likewise. `must_find` and `must_not_find` are about the findings of that connection, `fleet_must_find` and
`capture_must_find` about those of the fleet and of the captures. `file` is a list where several captures are one incident.
"""
PUBLIC = ["root", "issuing-r3", "issuing-e5", "other-root", "other-issuing", "client-ca", "other-client-ca", "inspection-ca", "good", "good-ec"]


def codes(expected):
    out = []
    for c in expected["connections"]:
        for code in ([c["verdict"]] if c["verdict"] else []) + c["must_find"] + ([] if c["verdict"] else c.get("verdict_any_of", [])):
            if code not in out:
                out.append(code)
    for code in expected["capture_must_find"] + expected["fleet_must_find"]:
        if code not in out:
            out.append(code)
    return out


def main():
    pki = os.path.join(lib.TESTDATA, "pki")
    os.makedirs(pki, exist_ok=True)
    for n in PUBLIC:
        shutil.copyfile(os.path.join(lib.RUN, "pki", n + ".pem"), os.path.join(pki, n + ".pem"))
    with open(os.path.join(pki, "server.test-only.key"), "w") as f:
        f.write(open(os.path.join(lib.RUN, "pki", "good.key")).read())
    with open(os.path.join(pki, "client.test-only.key"), "w") as f:
        f.write(lib.sh("openssl", "rsa", "-traditional", "-in", os.path.join(lib.RUN, "pki", "client.key")).stdout)
    shutil.copyfile(os.path.join(lib.RUN, "pki", "good-ec.key"), os.path.join(pki, "server-ec.test-only.key"))
    with open(os.path.join(pki, "README.md"), "w") as f:
        f.write("# pki\n\nThe test authorities and some leafs, made by `../record/pki.py` from fixed seeds. `server.test-only.key` is the key of `good.pem` and most\n"
                "other RSA leafs, for tests that decrypt static RSA; `client.test-only.key` (PKCS#1) and `server-ec.test-only.key` are keys that do not. They protect\n"
                "nothing. Trust none of these anywhere.\n")
    lines = [HEAD]
    for folder in dict.fromkeys(f for f, _ in lib.STORIES):
        lines += [f"## {folder}", "", "| story | what it shows | codes |", "| --- | --- | --- |"]
        for (f, name), entry in lib.STORIES.items():
            path = os.path.join(lib.TESTDATA, f, name, "expect.json")
            if f != folder or not os.path.exists(path):
                continue
            found = ", ".join(f"`{c}`" for c in codes(json.load(open(path)))) or "none"
            lines.append(f"| [`{name}`]({f}/{name}/) | {entry['title']} | {found} |")
        lines.append("")
    with open(os.path.join(lib.TESTDATA, "README.md"), "w") as f:
        f.write("\n".join(lines).rstrip() + "\n")


if __name__ == "__main__":
    main()
