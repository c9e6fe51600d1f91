#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""look.py MAKE_REPORT [FOLDER]: looks at reports in headless Chromium.

Each report is loaded light and dark, wide and narrow, with a script that measures what a reader
would see: nothing sticks out of the page or its box, no two texts of a picture overlap, text has
contrast. The report as written is loaded too, to see that its Content-Security-Policy lets its own
style and script in and nothing else. With FOLDER, pictures of all are left there.
"""

import base64
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

REPORTS = [
    ("stands", ["sovereign", "20"]),
    ("keys", ["confidential-cmk", "4", "cmk-03"]),
    ("nothing", ["confidential-cmk", "4", "-"]),
    ("many", ["sovereign", "1000", "cui-0"]),
]
WIDTHS = [("wide", 1280), ("middle", 940), ("narrow", 380)]
SCHEMES = [("light", False), ("dark", True)]
TIMEOUT_S = 60
SKIPPED = 77  # meson's exit status for a skipped test

MEASURE = r"""
(function () {
  "use strict";
  var wrong = [], root = document.documentElement, seen = {texts: 0, contrasts: 0};
  function say(what, element) {
    if (wrong.length < 20) wrong.push(what + ": " + (element ? element.textContent.trim().slice(0, 60) : ""));
  }
  function shown(element) { return element.getClientRects().length > 0; }
  document.querySelectorAll("details").forEach(function (d) { d.open = true; });
  if (root.scrollWidth > root.clientWidth) say("the page scrolls sideways, " + root.scrollWidth + " > " + root.clientWidth);
  document.querySelectorAll("body *").forEach(function (e) {
    if (!shown(e) || e.closest("svg, .scroll, .sheet, .unseen")) return;
    var box = e.getBoundingClientRect();
    if (box.right > root.clientWidth + 1 || box.left < -1) say("sticks out of the page", e);
  });
  document.querySelectorAll(".scroll, .sheet").forEach(function (e) {
    var mayScroll = e.className === "scroll" && root.clientWidth < 1200;
    if (!mayScroll && e.scrollWidth > e.clientWidth) say("scrolls sideways", e);
  });
  document.querySelectorAll("svg.picture").forEach(function (svg) {
    if (!shown(svg)) return;
    var frame = svg.getBoundingClientRect(), boxes = [];
    svg.querySelectorAll("text").forEach(function (t) {
      var box = t.getBoundingClientRect(), group = t.parentNode.querySelector(":scope > rect");
      seen.texts += 1;
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1)
        say("text leaves its picture", t);
      if (group && t.parentNode.tagName === "g" && !t.parentNode.classList.contains("legend")) {
        var around = group.getBoundingClientRect();
        if (box.right > around.right || box.left < around.left) say("text leaves its box", t);
      }
      boxes.forEach(function (other) {
        var b = other[0], x = Math.min(box.right, b.right) - Math.max(box.left, b.left);
        var y = Math.min(box.bottom, b.bottom) - Math.max(box.top, b.top);
        if (x > 1 && y > 3) say("overlaps '" + other[1].textContent.slice(0, 40) + "'", t);
      });
      boxes.push([box, t]);
    });
  });
  function numbers(color) { return (color.match(/[\d.]+/g) || []).map(Number); }
  function luminance(c) {
    var p = c.slice(0, 3).map(function (v) { v /= 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); });
    return 0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2];
  }
  function ground(e) {
    for (; e; e = e.parentElement) {
      var c = numbers(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  }
  document.querySelectorAll("h1,h2,h3,p,a,dt,dd,b,span,th,td,li,code,summary,button,svg text").forEach(function (e) {
    if (!shown(e) || e.closest(".unseen")) return;
    var style = getComputedStyle(e), svg = e.closest("svg");
    var a = luminance(numbers(svg ? style.fill : style.color)), b = luminance(ground(svg ? svg.parentElement : e));
    var ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    seen.contrasts += 1;
    if (ratio < 4.5) say("contrast " + ratio.toFixed(2), e);
  });
  var result = parent.document.createElement("pre");
  result.className = "measured";
  result.textContent = JSON.stringify({wrong: wrong, seen: seen, width: window.innerWidth,
    dark: matchMedia("(prefers-color-scheme: dark)").matches});
  parent.document.body.appendChild(result);
})();
"""


def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    return None


def run(program, folder, url, width, is_dark, extra):
    """One page in a profile of its own. Returns what the browser printed."""
    with tempfile.TemporaryDirectory(dir=folder) as profile:
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                   "--disable-background-networking", "--disable-component-update",
                   "--disable-sync", "--hide-scrollbars", f"--user-data-dir={profile}",
                   f"--window-size={width},1600"]
        if is_dark:
            command += ["--blink-settings=preferredColorScheme=0", "--force-dark-mode"]
        done = subprocess.run(command + extra + [url], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False)
    return done.stdout.decode("utf-8", "replace")


def check_policy(text):
    """The hashes of the policy are those of the one style and the one script."""
    wrong = []
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    if not policy:
        return ["there is no policy"]
    for tag in ("style", "script"):
        parts = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        if len(parts) != 1:
            wrong.append(f"{len(parts)} <{tag}> elements instead of one")
            continue
        digest = base64.b64encode(hashlib.sha256(parts[0].encode()).digest()).decode()
        if f"{tag}-src 'sha256-{digest}'" not in policy.group(1):
            wrong.append(f"the policy does not name the hash of <{tag}>")
    return wrong


def measure(program, folder, name, text, scheme, is_dark):
    """The report with the measuring script instead of its policy, in a frame of each width: a
    window has a least width, a frame has none."""
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text, count=1)
    page = page.replace("</body>", "<script>" + MEASURE + "</script></body>")
    path = os.path.join(folder, f"{name}-measured.html")
    with open(path, "w", encoding="utf-8") as file:
        file.write('<!doctype html><meta charset="utf-8"><meta name="color-scheme" '
                   'content="light dark"><body>')
        for _, width in WIDTHS:
            file.write(f'<iframe width="{width}" height="1600" frameborder="0" '
                       f'srcdoc="{html.escape(page)}"></iframe>')
    dom = run(program, folder, "file://" + path, 1400, is_dark, ["--dump-dom"])
    found = [json.loads(html.unescape(part))
             for part in re.findall(r'<pre class="measured">(.*?)</pre>', dom, re.S)]
    wrong = []
    for view, width in WIDTHS:
        results = [result for result in found if result["width"] == width]
        if len(results) != 1 or results[0]["dark"] != is_dark:
            wrong.append(f"{view}-{scheme}: the page was not measured")
            continue
        seen = results[0]["seen"]
        if seen["texts"] < 20 or seen["contrasts"] < 50:
            wrong.append(f"{view}-{scheme}: there was hardly anything to look at: {seen}")
        wrong += [f"{view}-{scheme}: {what}" for what in results[0]["wrong"]]
    return wrong


def look(program, folder, pictures, name, text):
    path = os.path.join(folder, f"{name}.html")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    wrong = check_policy(text)
    if 'class="filter" hidden' in text:
        dom = run(program, folder, "file://" + path, 1280, False, ["--dump-dom"])
        if 'class="filter" hidden' in dom or 'class="filter"' not in dom:
            wrong.append("its own script did not run under its policy")
    for scheme, is_dark in SCHEMES:
        wrong += measure(program, folder, name, text, scheme, is_dark)
        for view, width in WIDTHS if pictures else []:
            picture = os.path.join(pictures, f"{name}-{view}-{scheme}.png")
            run(program, folder, "file://" + path, width, is_dark, [f"--screenshot={picture}"])
    return wrong


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__)
        return 2
    program = browser()
    if program is None:
        print("there is no Chromium here")
        return SKIPPED
    pictures = os.path.abspath(sys.argv[2]) if len(sys.argv) == 3 else None
    if pictures:
        os.makedirs(pictures, exist_ok=True)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in REPORTS:
            made = subprocess.run([sys.argv[1]] + arguments, stdout=subprocess.PIPE, check=True)
            wrong = look(program, folder, pictures, name, made.stdout.decode("utf-8"))
            failed += 1 if wrong else 0
            print(f"{'not ok' if wrong else 'ok'} {name}")
            for what in wrong:
                print(f"  {what}")
    print(f"{len(REPORTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
