#!/usr/bin/env python3
"""Does in headless Chromium what a user does with the page, and fails on any error in its console and
on any request.

    crates/tlsleuth-report/tests/browser/check_page.py PAGE.html...

`AXE` may name axe-core's axe.min.js, by which accessibility is checked; `SHOTS` a folder for pictures.
"""
import json, os, pathlib, re, sys, tempfile, time

from chromium import Browser, contrast

# An answer to a key that takes longer is felt (RAIL: 100 ms). The median of the keys has to keep to it.
FELT_MS = 100
AXE = os.environ.get("AXE")
SHOTS = os.environ.get("SHOTS")

ROWS = "document.querySelectorAll('#connections tbody tr:not(.spacer) button').length"
STATUS = "document.getElementById('status').textContent"
COPIED = """
  window.copied = []; Object.defineProperty(navigator, 'clipboard',
    { value: { writeText: (words) => { window.copied.push(words); return Promise.resolve(); } }, configurable: true });
"""


def number(words):
    return int(re.match(r"[\d,]+", words).group().replace(",", ""))


def main(pages):
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(profile)
        try:
            for page in pages:
                begin = time.monotonic()
                loading = browser.open(page)
                said = check(browser, pathlib.Path(page).stem)
                assert not browser.troubles, browser.troubles
                outside = [url for url in browser.requests if not url.startswith("file:")]
                assert not outside, outside
                print(f"{pathlib.Path(page).name}: fine; loaded in {loading:.1f} s, checked in {time.monotonic() - begin:.1f} s{said}")
        finally:
            browser.end()
    if not AXE:
        print("SKIPPED: axe-core (set AXE to its axe.min.js)")


def check(browser, name):
    if not browser.run("JSON.parse(document.getElementById('data').textContent).connections.id.length"):
        assert browser.run("document.getElementById('all').hidden")
        return "; no connection in it"
    total = number(browser.run(STATUS))
    assert browser.run("JSON.parse(document.getElementById('data').textContent).connections.id.length") == total
    # The script and the style run: their hashes are right.
    assert browser.run(ROWS) > 0 and browser.run(ROWS) <= 100
    assert browser.run("getComputedStyle(document.querySelector('main')).maxWidth") != "none"
    only_ours(browser)
    said = ""
    if total > 1:
        searching(browser, total)
        said = typing(browser, total)
        sorting(browser, total)
        narrowing(browser, total)
    opening(browser)
    copying(browser)
    looks(browser, name)
    paper(browser, name, total)
    only_ours(browser)
    return said


def only_ours(browser):
    """Nothing from input became an element, a handler, a style or an address."""
    wrong = browser.run("""
      Array.from(document.querySelectorAll('*')).filter((e) =>
        /^(img|iframe|object|embed|link|form|base|audio|video|use|image)$/i.test(e.localName)
        || Array.from(e.attributes).some((a) => /^on|^src$|^style$|^xlink/i.test(a.name) && !(a.name === 'style' && e.matches('td, .handle')))
        || (e.hasAttribute('href') && !/^#c\\d+$/.test(e.getAttribute('href')))).map((e) => e.outerHTML.slice(0, 200))""")
    assert wrong == [], wrong


def clear(browser):
    browser.run("if (!document.getElementById('everything').hidden) document.getElementById('everything').click()")
    browser.settle()


def searching(browser, total):
    first = browser.run("document.querySelectorAll('#connections tbody tr:not(.spacer)')[0].cells[2].textContent")
    browser.run("document.getElementById('search').focus()")
    browser.type(first[:12])
    assert 1 <= number(browser.run(STATUS)) <= total
    clear(browser)
    assert browser.run("document.getElementById('search').value") == ""
    browser.type("no such thing")
    assert number(browser.run(STATUS)) == 0
    assert "No connection fits" in browser.run("document.querySelector('#connections tbody').textContent")
    clear(browser)
    assert number(browser.run(STATUS)) == total
    # By outcome, and by verdict.
    choose = "{ const s = document.getElementById('%s'); s.value = '%s'; s.dispatchEvent(new Event('change')); }"
    parts = 0
    for outcome in browser.run("Array.from(document.getElementById('outcome').options, (o) => o.value).filter(Boolean)"):
        browser.run(choose % ("outcome", outcome))
        parts += number(browser.run(STATUS))
        shown = browser.run("Array.from(document.querySelectorAll('#connections tbody button'), (b) => b.closest('tr').textContent)")
        assert shown and all(outcome in row for row in shown), (outcome, shown)
    assert parts == total
    clear(browser)


def typing(browser, total):
    """How long each key takes until the answer is drawn."""
    browser.run("""
      window.spans = [];
      document.getElementById('search').addEventListener('input', () => {
        const begin = performance.now();
        requestAnimationFrame(() => setTimeout(() => window.spans.push(performance.now() - begin), 0));
      }, { capture: true });
      document.getElementById('search').focus();""")
    for letter in "example.test fail":
        browser.type(letter)
    spans = sorted(browser.run("window.spans"))
    clear(browser)
    middle = spans[len(spans) // 2]
    assert middle < FELT_MS, spans
    return f"; a key is answered in {middle:.0f} ms (at most {spans[-1]:.0f}) with {total} connections"


def sorting(browser, total):
    ids = "Array.from(document.querySelectorAll('#connections tbody button'), (b) => Number(b.textContent))"
    header = "#connections th[data-column=%s] button"
    browser.click(header % "id")
    down = browser.run(ids)
    assert down == sorted(down, reverse=True), down
    assert browser.run("document.querySelector('#connections th').ariaSort") == "descending"
    browser.click(header % "id")
    up = browser.run(ids)
    assert up == sorted(up) and up[-1] < down[0] or total <= len(up)
    browser.click(header % "verdict")
    verdicts = browser.run("Array.from(document.querySelectorAll('#connections td.verdict'), (c) => c.textContent)")
    assert verdicts == sorted(verdicts), verdicts
    browser.click(header % "id")


def narrowing(browser, total):
    if browser.run("document.getElementById('over-time').hidden"):
        return
    box = browser.run("(() => { const e = document.querySelector('#strip .time'); e.scrollIntoView({block: 'center'});"
                      " const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()")
    x, y, width, height = box
    browser.mouse("mousePressed", x + width * 0.3, y + height / 2)
    for step in (0.4, 0.5, 0.6):
        browser.mouse("mouseMoved", x + width * step, y + height / 2)
    browser.mouse("mouseReleased", x + width * 0.6, y + height / 2)
    browser.settle()
    some = number(browser.run(STATUS))
    assert some < total, "dragging narrows"
    if total > 1000:
        assert 0.28 < some / total < 0.32, some
    values = "Array.from(document.querySelectorAll('[role=slider]'), (s) => Number(s.getAttribute('aria-valuenow')))"
    left, right = browser.run(values)
    assert 290 <= left <= 310 and 590 <= right <= 610, (left, right)
    # By keys.
    browser.run("document.querySelector('.handle.to').focus()")
    browser.key("End")
    assert browser.run(values)[1] == 1000
    browser.run("document.querySelector('.handle.from').focus()")
    browser.key("ArrowLeft")
    assert browser.run(values)[0] == left - 10
    browser.key("Escape")
    assert browser.run(values) == [0, 1000] and number(browser.run(STATUS)) == total


def opening(browser):
    """By keyboard alone: down to the third row, open, close."""
    browser.run("location.hash = document.querySelector('#connections tbody button').textContent.replace(/^/, '#c')")
    browser.settle()
    browser.click("#close")
    assert browser.run("document.getElementById('detail').hidden")
    assert browser.run("document.activeElement.matches('#connections tbody button')"), "back where one came from"
    browser.run("document.querySelector('#connections tbody button').focus()")
    for _ in range(2):
        browser.key("ArrowDown")
    chosen = browser.run("document.activeElement.textContent")
    browser.key("Enter")
    assert browser.run("location.hash") == f"#c{chosen}"
    assert browser.run("document.getElementById('detail-title').textContent") == f"Connection {chosen}"
    assert browser.run("document.querySelector('#detail svg[role=img] line.arrow') !== null")
    steps = browser.run("document.querySelectorAll('#detail ol.unseen li').length")
    assert steps > 0
    # The last row can be reached, wherever it is.
    browser.run("document.querySelector('#connections tbody button').focus()")
    browser.key("End")
    last = browser.run("document.activeElement.dataset.place")
    assert int(last) == number(browser.run(STATUS)) - 1, last


def copying(browser):
    failed = browser.run("(() => { const d = JSON.parse(document.getElementById('data').textContent);"
                         " const i = d.connections.outcome.findIndex((o) => d.texts[o] === 'failed');"
                         " return i < 0 ? d.connections.id[0] : d.connections.id[i]; })()")
    browser.run(f"location.hash = '#c{failed}'")
    browser.settle()
    browser.run(COPIED)
    browser.click("#copy-filter")
    browser.click("#copy-markdown")
    filter_words, block = browser.run("window.copied")
    assert filter_words == browser.run("document.querySelector('#detail .filter code').textContent")
    assert browser.run("document.getElementById('copy-filter').textContent") == "copied"
    assert block.startswith(f"### TLS connection {failed}: ")
    inert(block)


def inert(block):
    """Nothing in a block of Markdown is live outside of code."""
    fenced = False
    for line in block.split("\n"):
        if line in ("```text", "```"):
            fenced = line == "```text"
            continue
        assert not (fenced and line.startswith("```")), line
        if fenced:
            continue
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
        for bad in ("<", "](", "://", "@", "#1", "|"):
            assert bad not in outside, (bad, line)
        assert not re.match(r"#{1,6} (?!TLS connection)", line), line
    assert not fenced


def looks(browser, name):
    nameless = browser.run(
        "Array.from(document.querySelectorAll('button, a, input, select, summary, svg[role=img], [role=slider]'))"
        ".filter((e) => !(e.textContent.trim() || e.ariaLabel || (e.labels && e.labels.length))).length")
    assert nameless == 0, nameless
    for scheme in ("light", "dark"):
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.settle()
        back, text = browser.run("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
        assert contrast(back, text) >= 7, (scheme, back, text)
        if AXE:
            browser.run(pathlib.Path(AXE).read_text() + "; null")
            found = browser.run("""axe.run(document, { resultTypes: ['violations'] }).then((result) =>
              result.violations.map((v) => [v.impact, v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))]))""")
            serious = [one for one in found if one[0] in ("serious", "critical")]
            assert not serious, (scheme, json.dumps(serious, indent=1))
        if SHOTS:
            browser.picture(pathlib.Path(SHOTS, f"{name}-{scheme}.png"))
    # A narrow screen has no sideways scroll.
    browser.call("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=False)
    browser.settle()
    assert browser.run("document.documentElement.scrollWidth") <= 390
    if SHOTS:
        browser.picture(pathlib.Path(SHOTS, f"{name}-narrow.png"))
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.call("Emulation.setEmulatedMedia", features=[])
    browser.settle()


def paper(browser, name, total):
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("document.querySelector('#printed svg[role=img]') !== null"), "the ladder is on paper"
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run("document.getElementById('printed').childElementCount") == 0
    printed = browser.pdf()
    assert printed.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))
    assert 1 <= pages <= 60, pages
    if SHOTS:
        pathlib.Path(SHOTS, f"{name}.pdf").write_bytes(printed)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
