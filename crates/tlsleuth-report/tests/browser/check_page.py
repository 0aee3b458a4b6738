#!/usr/bin/env python3
"""Does in headless Chromium what a user does with the page, and fails on any error in its console.

    cargo run -p tlsleuth-cli -- -q -f html -o page.html testdata/captures/fleet-outage-window/*.pcap*
    crates/tlsleuth-report/tests/browser/check_page.py page.html [SCREENSHOT_FOLDER]

Needs only Python and Chromium (Debian: apt-get install chromium). Speaks the DevTools protocol over a
pipe, so no port is opened.
"""
import base64, json, os, pathlib, shutil, subprocess, sys, tempfile


class Browser:
    def __init__(self, profile):
        program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        if program is None:
            sys.exit("no Chromium found")
        to_read, self.out = os.pipe()
        self.inp, to_write = os.pipe()
        # The browser reads file descriptor 3 and writes 4.
        def wire():
            source, target = os.dup(to_read), os.dup(to_write)
            os.dup2(source, 3)
            os.dup2(target, 4)
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--no-first-run", f"--user-data-dir={profile}"],
            preexec_fn=wire, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.buffer, self.number, self.session, self.troubles, self.requests = b"", 0, None, [], []
        self.loaded = False

    def message(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.inp, 1 << 16)
            if not piece:
                sys.exit("the browser went away")
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(line)
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.troubles.append(params["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.troubles.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.troubles.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Page.loadEventFired":
            self.loaded = True
        return message

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")


def main(page, shots):
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(profile)
        try:
            target = browser.call("Target.createTarget", url="about:blank")["targetId"]
            browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                browser.call(f"{domain}.enable")
            browser.call("Page.navigate", url=pathlib.Path(page).resolve().as_uri())
            while not browser.loaded:
                browser.message()
            check(browser, shots)
            assert not browser.troubles, browser.troubles
            outside = [url for url in browser.requests if not url.startswith("file:")]
            assert not outside, outside
        finally:
            browser.process.kill()
            browser.process.wait()
    print("the page does what it should")


def check(browser, shots):
    visible = "document.querySelectorAll('#connections tbody tr:not([hidden])').length"
    pause = "new Promise(done => setTimeout(done, 150))"
    every = browser.run(visible)
    assert every > 0
    status = browser.run("document.getElementById('status').textContent")
    assert status == f"{every} of {every} shown", status  # the script runs: its hash is right
    assert browser.run("getComputedStyle(document.body).maxWidth") != "none"  # so does the style

    # Search, and what is not there.
    first = browser.run("document.querySelector('#connections tbody tr').cells[2].textContent")
    search = "s = document.getElementById('search'); s.value = %s; s.dispatchEvent(new Event('input'));" + pause
    browser.run(search % json.dumps(first))
    assert 1 <= browser.run(visible) <= every
    browser.run(search % json.dumps("no such thing"))
    assert browser.run(visible) == 0
    browser.run(search % '""')
    assert browser.run(visible) == every

    # Filter by outcome.
    browser.run("o = document.getElementById('outcome'); o.value = 'failed'; o.dispatchEvent(new Event('change'))")
    failed = browser.run(visible)
    assert failed == browser.run("document.querySelectorAll('#connections tr[data-outcome=failed]').length")
    browser.run("o.value = ''; o.dispatchEvent(new Event('change'))")

    # Sort by number, both ways.
    ids = "Array.from(document.querySelectorAll('#connections tbody tr'), row => Number(row.cells[0].textContent))"
    click = "document.querySelector('#connections thead button').click()"
    browser.run(click)
    assert browser.run(ids) == sorted(browser.run(ids))
    browser.run(click)
    assert browser.run(ids) == sorted(browser.run(ids), reverse=True)
    assert browser.run("document.querySelector('#connections th').ariaSort") == "descending"

    # Open a connection by its link, copy its filter.
    browser.run("document.querySelector('#connections a').click();" + pause)
    assert browser.run("document.getElementById(location.hash.slice(1)).open")
    browser.run("document.querySelector('details[open] button.copy').click();" + pause)
    assert browser.run("document.querySelector('details[open] button.copy').textContent") == "copied"

    # By keyboard: the search is reached with Tab, and every target has a name.
    nameless = browser.run(
        "Array.from(document.querySelectorAll('button, a, input, select, summary, svg'))"
        ".filter(e => !(e.textContent.trim() || e.ariaLabel || (e.labels && e.labels.length))).length")
    assert nameless == 0, nameless

    for scheme in ("light", "dark"):
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        back, text = browser.run("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
        assert contrast(back, text) >= 7, (scheme, back, text)
        if shots:
            picture = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
            pathlib.Path(shots, f"{scheme}.png").write_bytes(base64.b64decode(picture))
    browser.call("Emulation.setEmulatedMedia", features=[])
    printed = base64.b64decode(browser.call("Page.printToPDF")["data"])
    assert printed.startswith(b"%PDF")
    if shots:
        pathlib.Path(shots, "page.pdf").write_bytes(printed)


def contrast(*colors):
    """The contrast ratio of WCAG 2.2."""
    def luminance(color):
        parts = [int(part) / 255 for part in color[color.index("(") + 1:-1].split(",")[:3]]
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    low, high = sorted(map(luminance, colors))
    return (high + 0.05) / (low + 0.05)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
