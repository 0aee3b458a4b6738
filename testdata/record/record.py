#!/usr/bin/env python3
"""Records stories: record.py [STORY...]; `all.sh` is the way to call it. STORY may be a glob, with or
without its folder, or a group (group_b); `missing` is every story that is not in the tree."""
import fnmatch
import os
import subprocess
import sys

import lib
import pki

for module in sorted(f[:-3] for f in os.listdir(lib.HERE) if f.startswith("group_") and f.endswith(".py")):
    __import__(module)


def prepare():
    os.makedirs(lib.RUN, exist_ok=True)
    keys = os.path.join(lib.RUN, "pki")
    stamp = os.path.join(keys, ".day")
    sources = str(pki.DAY) + str(os.path.getmtime(pki.__file__))
    if not os.path.exists(stamp) or open(stamp).read() != sources:
        pki.build(keys)
        open(stamp, "w").write(sources)
    venv = os.path.join(lib.RUN, "venv")
    if not os.path.exists(os.path.join(venv, "bin", "pip")):
        subprocess.run(["/usr/bin/python3", "-m", "venv", venv], check=True)
        subprocess.run([os.path.join(venv, "bin", "pip"), "-q", "install", "-r", os.path.join(lib.HERE, "requirements.txt")], check=False)
    bin_dir = os.path.join(lib.RUN, "bin")
    os.makedirs(bin_dir, exist_ok=True)
    for f in os.listdir(os.path.join(lib.HERE, "programs")):
        source = os.path.join(lib.HERE, "programs", f)
        if f.endswith(".go"):
            out = os.path.join(bin_dir, "go-" + f[:-3])
            if not os.path.exists(out) or os.path.getmtime(out) < os.path.getmtime(source):
                subprocess.run(["go", "build", "-o", out, source], check=True, env=dict(os.environ, GO111MODULE="off", GOFLAGS="-p=1"))
        if f.endswith(".c"):
            out = os.path.join(bin_dir, "c-" + f[:-2])
            if not os.path.exists(out) or os.path.getmtime(out) < os.path.getmtime(source):
                libraries = {"wolfssl.c": ["-lwolfssl"], "mbedtls.c": ["-lmbedtls", "-lmbedx509", "-lmbedcrypto"]}[f]
                subprocess.run(["cc", "-O1", "-o", out, source, *libraries], check=False)
        if f.endswith(".java"):
            out = os.path.join(bin_dir, f[:-5] + ".class")
            if not os.path.exists(out) or os.path.getmtime(out) < os.path.getmtime(source):
                subprocess.run(["javac", "-d", bin_dir, source], check=True)


def main():
    wanted = sys.argv[1:]
    chosen = [e for (folder, name), e in lib.STORIES.items()
              if (not wanted or any(w == e["group"] or fnmatch.fnmatch(name, w) or fnmatch.fnmatch(f"{folder}/{name}", w) for w in wanted if w != "missing")
                  or wanted == ["missing"]) and not ("missing" in wanted and os.path.exists(os.path.join(lib.TESTDATA, folder, name, "expect.json")))]
    if not chosen:
        sys.exit(f"no such story: {' '.join(wanted)}")
    prepare()
    lib.up()
    failures = []
    try:
        for entry in chosen:
            try:
                lib.run(entry)
            except Exception as e:  # one story that cannot be recorded here does not stop the others
                import traceback
                traceback.print_exc()
                failures.append(entry["name"])
                lib.up()
                del e
    finally:
        lib.down()
    if failures:
        sys.exit("not recorded: " + " ".join(failures))


if __name__ == "__main__":
    main()
