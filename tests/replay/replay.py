#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""replay.py PROGRAM SOURCE [--recordings FOLDER] [--write]: recorded exchanges with Azure, sent to the
embedded cloud that PROGRAM serves, and its answers held against the recorded ones.

The recordings are others' data and lie outside of this tree: in FOLDER, in $REDOUBT_RECORDINGS, or in
../shared/recordings beside SOURCE. Without them nothing is replayed, and it says so.

Prints TAP: one test a recording, with a line for each exchange. `same` is alike in status, headers and
body (compare.py says what that means), `accepted` differs only as accepted.yaml allows, DIFFERENT is
the rest. Two tests more: every accepted difference occurred, and docs/replay.md says what this run says
('--write' writes it anew)."""
import os
import re
import sys
import tempfile
import traceback
import urllib.parse

import yaml

import cassette
import compare
from accepted import Accepted
from world import ENDED, World, state_of

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.abspath(sys.argv[2])
DOCUMENT = os.path.join(SOURCE, "docs", "replay.md")


def table(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as text:
        return yaml.safe_load(text)


def folder_of_recordings():
    if "--recordings" in sys.argv:
        return sys.argv[sys.argv.index("--recordings") + 1]
    return os.environ.get("REDOUBT_RECORDINGS") or os.path.join(SOURCE, "..", "shared", "recordings")


# A recording ---------------------------------------------------------------------------------------


class Replay:
    """One recording against a cloud of its own."""

    def __init__(self, world, name, about, styles, folder):
        self.world, self.name, self.about, self.styles = world, name, about, styles
        self.words = {cassette.RECORDED_SUBSCRIPTION: world.subscription, cassette.RECORDED_TENANT: world.tenant,
                      "{object_id}": world.object_id}
        self.words.update({theirs: getattr(world, ours) for theirs, ours in about.get("same", {}).items()})
        self.exchanges = cassette.load(folder, name, about, world.port, self.words)
        self.operations = {}  # recorded id of an operation: {"azure-asyncoperation": served URL, ...}

    def here(self, value):
        """A value of recordings.yaml in the served world."""
        return yaml.safe_load(cassette.to_served(yaml.safe_dump(value, width=10**6), self.world.port, self.words))

    def prepare(self, number):
        for step in self.about.get("before", {}).get(number, []):
            step = self.here(step)
            headers, body = self.world.make(step)
            if "operation" in step:
                self.operations[step["operation"]] = headers
            for path, word in step.get("keep", {}).items():
                self.words[word] = cassette.find(body, path)

    def style(self, url):
        parts = urllib.parse.urlsplit(url)
        plane = re.search(r"(vault|managedhsm)\.localhost", parts.netloc)
        providers = re.findall(r"/providers/([^/]+)", parts.path)
        return self.styles.get(plane[1] if plane else providers[-1] if providers else "Microsoft.Resources")

    def followed(self, url):
        """The served URL of a recorded poll, or the URL itself."""
        parts = urllib.parse.urlsplit(url)
        headers = self.operations.get(parts.path.rsplit("/", 1)[-1])
        if headers is None:
            return url
        wanted = "location" if "monitor=true" in parts.query else "azure-asyncoperation"
        return headers.get(wanted, url)

    def remember(self, recorded, served):
        for name in ("azure-asyncoperation", "location"):
            if name in recorded and name in served:
                operation = urllib.parse.urlsplit(recorded[name]).path.rsplit("/", 1)[-1]
                self.operations.setdefault(operation, {})[name] = served[name]

    def keep_drawn(self, recorded, answer):
        """What the cloud drew and later requests name: the key's version."""
        try:
            theirs, ours = recorded["body"]["key"]["kid"], answer.json()["key"]["kid"]
        except (KeyError, TypeError):
            return
        self.exchanges = replaced(self.exchanges, theirs, ours)

    def send(self, request, recorded):
        url, body = self.followed(request["uri"]), request["body"]
        body = None if body in (None, "") else body
        if recorded["status"] == 401:
            return self.world.send(request["method"], url, body)
        # A last state that was polled for is polled for here too, however long that takes.
        if request["method"] == "GET" and state_of(recorded["body"]) in ENDED:
            return self.world.settled(url)
        return self.world.ask(request["method"], url, body)

    def run(self):
        """(number, request, differences) of each exchange."""
        for number in range(1, len(self.exchanges) + 1):
            self.prepare(number)
            request, recorded = self.exchanges[number - 1]["request"], self.exchanges[number - 1]["response"]
            answer = self.send(request, recorded)
            self.remember(recorded["headers"], answer.headers)
            yield number, request, compare.compare_answers(recorded, answer.status, answer.headers, answer.body,
                                                           self.style(request["uri"]), self.about.get("cut", ()))
            self.keep_drawn(recorded, answer)


def replaced(value, old, new):
    """Every text of a JSON value with one word replaced."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        return [replaced(item, old, new) for item in value]
    if isinstance(value, dict):
        return {name: replaced(item, old, new) for name, item in value.items()}
    return value


class Outcome:
    def __init__(self, name):
        self.name = name
        self.counts = {"same": 0, "accepted": 0, "DIFFERENT": 0}
        self.lines = []
        self.rows = []  # (exchange, request, verdict)

    def add(self, number, request, verdict, differences):
        path = urllib.parse.urlsplit(request["uri"]).path
        text = f"{request['method']} {path if len(path) <= 70 else '...' + path[-67:]}"
        self.counts[verdict] += 1
        self.rows.append((number, request, verdict))
        self.lines.append(f"{number}. {text}: {verdict}")
        self.lines += [f"   {difference}" for difference in differences]


def replay(name, folder, about, styles, accepted):
    outcome = Outcome(name)
    with tempfile.TemporaryDirectory() as place:
        world = World(Place(place))
        try:
            for number, request, differences in Replay(world, name, about, styles, folder).run():
                left = [d for d in differences if accepted.find(name, number, d) is None]
                outcome.add(number, request, "DIFFERENT" if left else "accepted" if differences else "same", left)
        finally:
            world.close()
    return outcome


class Place:
    """What world.py's server needs of a test's folder."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, *names):
        return os.path.join(self.folder, *names)


# The report ----------------------------------------------------------------------------------------


def percent(outcomes):
    good = sum(outcome.counts["same"] + outcome.counts["accepted"] for outcome in outcomes)
    return 100 * good // max(1, sum(sum(outcome.counts.values()) for outcome in outcomes))


def document(outcomes, accepted):
    yield ("# Recorded exchanges, replayed\n\n"
           "Made by `tests/replay/replay.py build/redoubt . --write` from its last run: do not edit. Each exchange of a recording\n"
           "with Azure was sent to the embedded cloud, and its answer held against the recorded one: status, headers that were\n"
           "recorded, names, types, casing, nulls and order of members, every value that is not drawn anew, how JSON is written.\n"
           "The recordings are others' data and no part of this tree.\n\n"
           "| recording | exchanges | same | accepted | different |\n| --- | --- | --- | --- | --- |\n")
    for outcome in outcomes:
        counts = outcome.counts
        yield f"| {outcome.name} | {sum(counts.values())} | {counts['same']} | {counts['accepted']} | {counts['DIFFERENT']} |\n"
    yield f"\n{percent(outcomes)} % are the same or differ only as follows.\n\n## Accepted differences\n\n"
    yield "| recording | exchanges | where | difference | why |\n| --- | --- | --- | --- | --- |\n"
    for row in accepted.rows:
        numbers = ", ".join(map(str, row["exchanges"]))
        yield f"| {row['recording']} | {numbers} | `{row['at']}` | {row['what']} | {row['reason']} |\n"


def is_current(text):
    if "--write" in sys.argv:
        with open(DOCUMENT, "w", encoding="utf-8") as out:
            out.write(text)
    try:
        with open(DOCUMENT, encoding="utf-8") as there:
            return there.read() == text
    except FileNotFoundError:
        return False


class Tap:
    def __init__(self, count):
        self.number = self.failed = 0
        print(f"1..{count}", flush=True)

    def test(self, claim, problems=(), notes=()):
        problems = list(problems)
        self.number += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.number} - {claim}")
        for line in [*notes, *problems]:
            print("# " + str(line).replace("\n", " "))
        sys.stdout.flush()

    def skip(self, claim, why):
        self.number += 1
        print(f"ok {self.number} - {claim} # SKIP {why}", flush=True)


def test_recording(tap, name, folder, tables, accepted):
    claim = f"{name} is answered as it was recorded"
    about = tables["recordings"].get(name)
    if about is None:
        tap.test(claim, ["recordings.yaml does not say what it takes for granted"])
        return None
    try:
        outcome = replay(name, folder, about, tables["styles"], accepted)
    except Exception as error:  # pylint: disable=broad-except
        where = traceback.extract_tb(error.__traceback__)[-1]
        tap.test(claim, [f"{error!r} at {os.path.basename(where.filename)}:{where.lineno}"])
        return None
    tap.test(claim, ["it is not"] if outcome.counts["DIFFERENT"] else [], outcome.lines)
    return outcome


def main():
    tables, accepted, folder = table("recordings.yaml"), Accepted(table("accepted.yaml") or []), folder_of_recordings()
    names = cassette.names(folder)
    if not names:
        tap = Tap(2)
        tap.test("every accepted difference says where and why", accepted.problems())
        tap.skip("recorded exchanges", "the recordings are not on this machine: nothing was replayed")
        sys.exit(1 if tap.failed else 0)
    tap = Tap(len(names) + 3)
    tap.test("every accepted difference says where and why", accepted.problems())
    outcomes = [test_recording(tap, name, folder, tables, accepted) for name in names]
    done = [outcome for outcome in outcomes if outcome is not None]
    tap.test("every accepted difference occurred", accepted.unused())
    text = "".join(document(done, accepted))
    tap.test("docs/replay.md says what this run says",
             [] if is_current(text) else ["hint: 'tests/replay/replay.py build/redoubt . --write' writes it anew"])
    print(f"# {percent(done)} % of {sum(sum(outcome.counts.values()) for outcome in done)} exchanges are the same or accepted")
    sys.exit(1 if tap.failed else 0)


main()
