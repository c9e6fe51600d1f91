#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""crash.py PROGRAM SOURCE: a run that is killed after any request ends, when the same command is run
again, with the same resources as an undisturbed run, and no orphan.

The power goes (--fault crash:after=N) after the cloud has carried out the Nth request and before its
reply arrives: the worst moment. N walks over the whole run."""
import collections
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

PROGRAM, SOURCE = sys.argv[1:3]
POINTS = int(os.environ.get("CRASH_POINTS", "40"))
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")


def spec_of(folder, hosts=3):
    text = open(os.path.join(SOURCE, "examples/sovereign.yaml"), encoding="utf-8").read()
    text = re.sub(r"(?m)^(  count:) *\d+.*$", rf"\1 {hosts}", text)
    text = re.sub(r"(?ms)^  pins:.*?(?=^  ?\w|^\w|\Z)", "", text)
    path = os.path.join(folder, "small.yaml")
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def apply(spec, *more):
    return subprocess.run([PROGRAM, "apply", "--yes", "-q", "--clock", "virtual", "-o", "json", *more, spec],
                          capture_output=True, text=True, check=False)


def resources(spec):
    """What the cloud holds: how often each (id, body), without times and what is drawn from them."""
    root = os.path.join(os.path.dirname(spec), ".redoubt")
    (enclave,) = os.listdir(root)
    with sqlite3.connect(f"file:{root}/{enclave}/cloud.db?mode=ro", uri=True) as db:
        # A backup job is a record of a request, and one that was killed is rightly made twice.
        rows = db.execute("SELECT id, text FROM resource WHERE id NOT LIKE '%/backupJobs/%'").fetchall()
    # Which address a card got depends on who came first; that each has one does not.
    rows = [(re.sub(r"(/allocatedaddresses/)[\d.]+$", r"\1<drawn>", id.lower()), text) for id, text in rows]
    return collections.Counter((GUID.sub("<guid>", id), stable(text)) for id, text in rows)


def stable(text):
    """A body without times, drawn GUIDs, and the address that order of arrival gave."""
    text = TIME.sub("<time>", GUID.sub("<guid>", text))
    # What goes on by itself after the run: an agent's upgrade and first health checks.
    text = re.sub(r'"(status|updateState|statusTimestamp|lastHeartBeat|lastUpdateTime)":"[^"]*"', "", text)
    text = re.sub(r'"sessionHostHealthCheckResults":\[.*', "", text)
    text = re.sub(r'"holder":"[^"]*"', '"holder":"<drawn>"', text)
    return re.sub(r'"(privateIPAddress|nextHopIpAddress|macAddress)":"[^"]*"', r'"\1":"<drawn>"', text)


def undisturbed():
    with tempfile.TemporaryDirectory() as folder:
        spec = spec_of(folder)
        done = apply(spec)
        if done.returncode != 0:
            sys.exit(f"Bail out! the undisturbed run failed: {done.stderr}")
        return json.loads(done.stdout)["requests"], resources(spec)


def crash_at(point, expected):
    with tempfile.TemporaryDirectory() as folder:
        spec = spec_of(folder)
        killed = apply(spec, "--fault", f"crash:after={point}")
        if killed.returncode != -9:
            return f"was not killed but ended with {killed.returncode}: {killed.stderr[-400:]}"
        again = apply(spec)
        if again.returncode != 0:
            return f"the second run ended with {again.returncode}: {again.stderr[-600:]}"
        got = resources(spec)
        missing = expected - got
        orphans = got - expected
        if missing or orphans:
            return f"missing {sorted(missing)[:2]}, too many {sorted(orphans)[:2]}"[:1500]
    return None


def main():
    requests, expected = undisturbed()
    points = sorted({1 + i * (requests - 1) // max(POINTS - 1, 1) for i in range(POINTS)})
    print(f"1..{len(points)}")
    failed = 0
    for number, point in enumerate(points, 1):
        problem = crash_at(point, expected)
        failed += problem is not None
        print(f"{'ok' if problem is None else 'not ok'} {number} - killed after request {point} of {requests}")
        if problem is not None:
            print("# " + problem.replace("\n", " "))
        sys.stdout.flush()
    return 1 if failed else 0


sys.exit(main())
