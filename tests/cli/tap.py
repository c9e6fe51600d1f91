# SPDX-License-Identifier: Apache-2.0
"""What the suites of tests/cli share: running the program in a folder of its own, and TAP.

A test is a function whose name is the claim; it gets a Place and fails by assert. The line of a
failed claim tells what the program said."""
import contextlib
import ctypes
import glob
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import traceback

PROGRAM, SOURCE = map(os.path.abspath, sys.argv[1:3])


def die_with_parent():
    """For a process that would otherwise serve on: it ends when its test does."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Result:
    """What a command left behind. Output is bytes that are shown as text."""

    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout.decode("utf-8", "replace") if done.stdout is not None else ""
        self.err = done.stderr.decode("utf-8", "replace") if done.stderr is not None else ""

    def __repr__(self):
        return f"status {self.status}, err {self.err[-900:]!r}, out {self.out[-300:]!r}"

    def fails(self, status, *words):
        """One clear message: the documented status, every word, one `redoubt:` line, no crash."""
        assert self.status == status, self
        for word in words:
            assert word in self.err, f"no {word!r}: {self}"
        assert self.err.count("redoubt: ") == 1, f"not one message: {self}"
        assert "Assertion `" not in self.err and "Sanitizer" not in self.err, self
        return self

    def works(self, *words):
        assert self.status == 0, self
        for word in words:
            assert word in self.out, f"no {word!r}: {self}"
        return self

    def json(self):
        return json.loads(self.out)


class Place:
    """A folder with a spec in it."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, content):
        with open(self.path(name), "wb" if isinstance(content, bytes) else "w") as out:
            out.write(content)
        return name

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as text:
            return text.read()

    def spec(self, example="sovereign", hosts=2, name="spec.yaml"):
        """An example with few hosts: what a test is about shows with two as with twenty."""
        with open(os.path.join(SOURCE, "examples", example + ".yaml"), encoding="utf-8") as text:
            content = text.read()
        content = re.sub(r"(?m)^(  count:) *\d+", rf"\1 {hosts}", content)
        users = ", ".join(f"user{i:02}@contoso.us" for i in range(1, hosts + 1))
        content = re.sub(r"(?s)pins: \[.*?\]", f"pins: [{users}]", content)
        return self.write(name, content)

    def run(self, *words, program=None, **more):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                   "cwd": self.folder, "timeout": 60, "check": False}
        options.update(more)
        return Result(subprocess.run([*(program or [PROGRAM]), *words], **options))

    def start(self, *words, **more):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                   "cwd": self.folder}
        options.update(more)
        return subprocess.Popen([PROGRAM, *words], **options)

    def up(self, *words, spec="spec.yaml", verb="up"):
        return self.run(verb, "--yes", "-q", "--clock", "virtual", *words, spec)

    def empty(self):
        for name in os.listdir(self.folder):
            if os.path.isdir(self.path(name)):
                shutil.rmtree(self.path(name))
            else:
                os.remove(self.path(name))

    def has_state(self):
        return os.path.exists(self.path(".redoubt"))

    def state(self, name):
        (found,) = glob.glob(self.path(".redoubt", "*", name))
        return found

    def cloud(self, query, *values):
        """Rows of the embedded cloud's file."""
        return self.database("cloud.db", query, *values)

    def database(self, name, query, *values):
        with contextlib.closing(sqlite3.connect(self.state(name))) as db:
            rows = db.execute(query, values).fetchall()
            db.commit()
            return rows

    def is_settled(self, spec="spec.yaml"):
        """A plan says that nothing differs."""
        again = self.run("plan", "--detailed-exitcode", spec)
        assert again.status == 0, again
        assert again.out.startswith("no changes"), again


class Standing:
    """An enclave that was built once; each test gets a copy."""

    def __init__(self, example="sovereign", hosts=2, edit=lambda text: text):
        self.keeper = tempfile.TemporaryDirectory()
        place = Place(self.keeper.name)
        place.spec(example, hosts)
        place.write("spec.yaml", edit(place.read("spec.yaml")))
        place.up().works()

    def copy(self, place):
        for name in os.listdir(self.keeper.name):
            source = os.path.join(self.keeper.name, name)
            if os.path.isdir(source):
                shutil.copytree(source, place.path(name))
            else:
                shutil.copy(source, place.path(name))
        return place


def main(claims):
    print(f"1..{len(claims)}")
    failed = 0
    for number, (name, claim) in enumerate(claims, 1):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            try:
                claim(Place(folder))
                problem = None
            except Exception as error:  # whatever it is, the claim does not hold
                problem = f"{error!r} at {traceback.extract_tb(error.__traceback__)[1].lineno}"
        failed += problem is not None
        print(f"{'ok' if problem is None else 'not ok'} {number} - {name}")
        if problem is not None:
            print("# " + problem.replace("\n", " ")[:3000])
        sys.stdout.flush()
    sys.exit(1 if failed else 0)


def collect(namespace):
    """The functions of a file whose names are claims, in order."""
    return [(name.replace("_", " "), value) for name, value in namespace.items()
            if callable(value) and getattr(value, "is_claim", False)]


def claim(function):
    function.is_claim = True
    return function
