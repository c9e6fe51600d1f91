# SPDX-License-Identifier: Apache-2.0
"""What differs between a recorded answer and a served one.

Values go in, differences come out: no socket, no file. Two texts are alike when they are the same, or
when both are of one form that is drawn anew each time: a GUID, a version in hex, a time, bytes in
base64url. Everything else, so every enumerated value, every sentence of an error and every name, must
be the same letter by letter.

What a recording does not hold says so itself: a text in round or angle brackets or with three dots in
front stands where something was cut, and is like anything. A list that ends with such a text was cut
there.
"""
import json
import re
import urllib.parse
from typing import NamedTuple

GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# .NET writes seven digits of a second without zeros at the end, other services three.
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
DRAWN = [(re.compile(pattern), form) for pattern, form in (
    (GUID, "a GUID"),
    (GUID.replace("a-f", "A-F"), "A GUID IN CAPITALS"),
    (r"[0-9a-f]{32}", "32 hex digits"),
    (TIME + r"Z", "a time in Z"),
    (TIME + r"\.\d{1,3}Z", "a time to the millisecond in Z"),
    (TIME + r"\.\d{4,7}Z", "a time to the tick in Z"),
    (TIME + r"\+00:00", "a time in +00:00"),
    (TIME + r"\.\d{1,7}\+00:00", "a time to the tick in +00:00"),
    (r"[A-Za-z0-9_-]{43}", "32 bytes in base64url"),
)]
INSIDE = re.compile(rf"{GUID}|(?<![0-9a-f])[0-9a-f]{{32}}(?![0-9a-f])")
EPOCH = range(1_400_000_000, 3_000_000_000)

STYLES = {
    "compact": lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    "crlf": lambda value: json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\r\n"),
    "lf": lambda value: json.dumps(value, indent=1, ensure_ascii=False),
}
# Headers of which a recording that has others would have kept them: one too many is a difference.
TELLING = ("azure-asyncoperation", "location", "www-authenticate")
EXACT = ("content-type", "content-length")


class Difference(NamedTuple):
    at: str  # "status", "header retry-after", "body.properties.sku"
    what: str  # the kind: "absent", "unexpected", "value" ...
    recorded: str
    served: str

    def __str__(self):
        return f"{self.at}: {self.what}: recorded {self.recorded}, served {self.served}"


def is_cut(value):
    """Whether this stands where the recording holds nothing."""
    return isinstance(value, str) and re.match(r"\([^()]*\)$|<.*>$|\.\.\.|\u2026|\{ \.\.\. ", value, re.S) is not None


def form_of(text):
    for pattern, form in DRAWN:
        if pattern.fullmatch(text):
            return form
    return None


def kind_of(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    return {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}[type(value)]


def short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:157] + "..."


# Bodies --------------------------------------------------------------------------------------------


def compare_text(at, recorded, served):
    if recorded == served:
        return
    forms = form_of(recorded), form_of(served)
    if forms[0] is not None and forms[0] == forms[1]:
        return
    if forms[0] is not None or forms[1] is not None:
        yield Difference(at, "form", forms[0] or short(recorded), forms[1] or short(served))
    elif INSIDE.sub("*", recorded) == INSIDE.sub("*", served):
        return
    else:
        yield Difference(at, "case" if recorded.lower() == served.lower() else "value", short(recorded), short(served))


def compare_object(at, recorded, served, cut):
    for name, value in recorded.items():
        if name in served:
            yield from compare_value(f"{at}.{name}", value, served[name], cut)
        else:
            other = next((there for there in served if there.lower() == name.lower()), None)
            yield Difference(f"{at}.{name}", "absent", short(value), other or "nothing")
    for name, value in served.items():
        if name not in recorded:
            yield Difference(f"{at}.{name}", "unexpected", "nothing", short(value))
    ours = [name for name in served if name in recorded]
    theirs = [name for name in recorded if name in served]
    if ours != theirs:
        yield Difference(at, "order", ", ".join(theirs), ", ".join(ours))


def compare_list(at, recorded, served, cut):
    if at in cut:  # any that are missing are missing by name
        by_name = {item.get("name"): item for item in served}
        for number, item in enumerate(recorded):
            if not is_cut(item):
                yield from compare_value(f"{at}.{number}", item, by_name.get(item["name"]), cut)
        return
    is_open = len(recorded) > 0 and is_cut(recorded[-1])
    known = recorded[:-1] if is_open else recorded
    if len(served) < len(known) or (len(served) > len(known) and not is_open):
        yield Difference(at, "count", str(len(known)), str(len(served)))
    for number, (item, other) in enumerate(zip(known, served)):
        yield from compare_value(f"{at}.{number}", item, other, cut)


def compare_value(at, recorded, served, cut=()):
    """Differences of two JSON values; `cut` names lists of which only a part was recorded."""
    if is_cut(recorded):
        return
    kinds = kind_of(recorded), kind_of(served)
    if kinds[0] != kinds[1]:
        yield Difference(at, "type", f"{kinds[0]}: {short(recorded)}", f"{kinds[1]}: {short(served)}")
    elif isinstance(recorded, dict):
        yield from compare_object(at, recorded, served, cut)
    elif isinstance(recorded, list):
        yield from compare_list(at, recorded, served, cut)
    elif isinstance(recorded, str):
        yield from compare_text(at, recorded, served)
    elif recorded != served and not (recorded in EPOCH and served in EPOCH):
        yield Difference(at, "value", short(recorded), short(served))


def compare_body(recorded, text, style, cut):
    """`text` are the bytes served; `style` says how JSON must be written, or None."""
    if recorded == "" or recorded is None:
        if text:
            yield Difference("body", "unexpected", "nothing", short(text.decode("utf-8", "replace")))
        return
    try:
        served = json.loads(text)
    except ValueError:
        yield Difference("body", "type", "JSON", short(text.decode("utf-8", "replace")))
        return
    yield from compare_value("body", recorded, served, cut)
    if style is not None and STYLES[style](served).encode() != text:
        other = next((name for name, write in STYLES.items() if write(served).encode() == text), "none of ours")
        yield Difference("body", "style", style, other)


# Headers -------------------------------------------------------------------------------------------


def compare_url(at, recorded, served):
    """Path by segments, parameters by name and order; what is drawn by its form."""
    theirs, ours = urllib.parse.urlsplit(recorded), urllib.parse.urlsplit(served)
    yield from compare_text(f"{at} host", f"{theirs.scheme}://{theirs.netloc}", f"{ours.scheme}://{ours.netloc}")
    yield from compare_text(f"{at} path", theirs.path, ours.path)
    sides = [urllib.parse.parse_qsl(side.query, keep_blank_values=True) for side in (theirs, ours)]
    names = [[name for name, _ in side] for side in sides]
    if names[0] != names[1]:
        yield Difference(f"{at} query", "order" if sorted(names[0]) == sorted(names[1]) else "value",
                         ", ".join(names[0]), ", ".join(names[1]))
        return
    for (name, value), (_, other) in zip(*sides):
        if not is_cut(value) and not (value.isdigit() and other.isdigit() and len(value) == len(other)):
            yield from compare_text(f"{at} query {name}", value, other)


def header_form(name, value):
    return value if name in EXACT else re.sub(r"(?<![A-Za-z0-9])\d+", "#", INSIDE.sub("*", value))


def compare_headers(recorded, served):
    for name, value in recorded.items():
        at = f"header {name}"
        if is_cut(value):
            continue
        if name not in served:
            yield Difference(at, "absent", value, "nothing")
        elif re.match(r"https?://", value):
            yield from compare_url(at, value, served[name])
        elif header_form(name, value) != header_form(name, served[name]):
            yield Difference(at, "value", value, served[name])
    for name in TELLING:
        if name in served and name not in recorded:
            yield Difference(f"header {name}", "unexpected", "nothing", short(served[name]))


def compare_answers(recorded, status, headers, text, style=None, cut=()):
    """All differences of one exchange. One that succeeded and is refused here has no other."""
    expected = recorded["status"]
    if status >= 400 and (expected is None or expected < 400):
        code = re.search(rb'"code": *"([^"]*)"', text)
        return [Difference("status", "refused", str(expected or "not recorded"),
                           f"{status} {code[1].decode() if code else ''}".strip())]
    found = []
    if expected is not None and expected != status:
        found.append(Difference("status", "value", str(expected), str(status)))
    found += compare_headers(recorded["headers"], headers)
    found += compare_body(recorded["body"], text, style, cut) if not is_cut(recorded["body"]) else \
        style_alone(text, style)
    return found


def style_alone(text, style):
    """Of a body that was cut only its style is known."""
    return [d for d in compare_body(json.loads(text), text, style, ()) if d.what == "style"] if style else []
