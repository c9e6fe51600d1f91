#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""documented.py PROGRAM SOURCE: docs/json.md tells every member that `-o json` prints, and no other."""
import json
import os
import re
import sys

from tap import SOURCE, Place, claim, collect, die_with_parent, main

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "live"))
from served import Served  # pylint: disable=wrong-import-position

ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \|")
PLAIN = {"text": str, "integer": int, "boolean": bool, "number": (int, float)}


def read_shapes():
    shapes = {}
    name = None
    with open(os.path.join(SOURCE, "docs/json.md"), encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("## "):
                name = line.strip("# `\n")
            row = ROW.match(line)
            if row and name:
                shapes.setdefault(name, {})[row[1]] = row[2].strip()
    return shapes


SHAPES = read_shapes()
SEEN = set()
# A secret that changes, what is put before a delete, what a spec takes as given, a fault that misses, an
# action that the embedded cloud denies its own application
# and a gap in a price sheet: no short run of an example prints them.
RARE = {("ability", "lacks"), ("field", "secret"), ("step", "action"), ("resource", "isExisting"), ("apply", "faultsNotStruck"),
        ("up", "unpriced")}


def check(value, kind, where):
    if kind == "any":
        return
    if kind.endswith("[]"):
        assert isinstance(value, list), f"{where} is no array"
        for item in value:
            check(item, kind[:-2], where + "[]")
    elif kind in PLAIN:
        is_right = isinstance(value, PLAIN[kind]) and (kind == "boolean" or not isinstance(value, bool))
        assert is_right, f"{where} is {value!r}, not {kind}"
    else:
        check_shape(value, kind, where)


def check_shape(value, name, where):
    shape = SHAPES[name]
    assert isinstance(value, dict), f"{where} is no object"
    unknown = set(value) - set(shape)
    assert not unknown, f"{where}: not documented in `{name}`: {sorted(unknown)}"
    for member, kind in shape.items():
        if member in value:
            SEEN.add((name, member))
            check(value[member], kind.rstrip("?"), f"{where}.{member}")
        else:
            assert kind.endswith("?"), f"{where}: '{member}' of `{name}` is missing"


def expect(result, name, status=0):
    assert result.status == status, result
    check_shape(result.json(), name, name)


@claim
def commands_without_a_cloud(place):
    place.spec()
    expect(place.run("init", "-o", "json", "new.yaml"), "init")
    expect(place.run("check", "-o", "json", "spec.yaml"), "check")
    expect(place.run("cost", "-o", "json", "spec.yaml"), "price")
    expect(place.run("cost", "-o", "json", "--scenarios", "spec.yaml"), "scenarios")


@claim
def the_life_of_an_enclave(place):
    place.spec()
    expect(place.run("plan", "-o", "json", "spec.yaml"), "plan")
    expect(place.up("-o", "json", "--fault", "extension:name=GuestAttestation"), "error", 14)
    expect(place.up("-o", "json"), "up")
    expect(place.up("-o", "json"), "up")
    for verb, name in [("status", "status"), ("audit", "audit"), ("report", "report")]:
        expect(place.run(verb, "-o", "json", "spec.yaml"), name)
    text = place.read("spec.yaml").replace("D8as_v6", "D16as_v6").replace("user01@", "another@")
    place.write("spec.yaml", text.replace("size_gb: 128", "size_gb: 256").replace("[1, 2, 3]", "[2, 1, 3]"))
    expect(place.run("plan", "-o", "json", "spec.yaml"), "plan")
    expect(place.up("-o", "json", verb="apply"), "apply")
    expect(place.up("-o", "json", verb="destroy"), "apply")
    expect(place.run("audit", "-o", "json", "spec.yaml"), "error", 5)


@claim
def an_image_of_ones_own(place):
    place.spec("confidential-cmk")
    expect(place.run("plan", "-o", "json", "spec.yaml"), "plan")
    expect(place.run("check", "-o", "json", "spec.yaml"), "check")
    expect(place.up("-o", "json"), "up")
    expect(place.run("status", "-o", "json", "spec.yaml"), "status")


@claim
def a_served_cloud(place):
    expect(place.run("cloud", "env", "-o", "json"), "error", 5)
    with place.start("cloud", "serve", "--port", "0", "--http-port", "0", "--credentials", "-o", "json", preexec_fn=die_with_parent) as server:
        text = b""
        while not text.endswith(b"\n}\n"):
            text += server.stdout.readline() or sys.exit("no server")
        check_shape(json.loads(text), "cloud serve", "cloud serve")
        expect(place.run("cloud", "env", "-o", "json"), "cloud env")
        try:
            about = json.loads(text)
            with open(about["applications"][0]["secretFile"], encoding="ascii") as secret:
                env = {"AZURE_TENANT_ID": about["tenant"], "AZURE_CLIENT_ID": about["applications"][0]["clientId"],
                       "AZURE_CLIENT_SECRET": secret.read(), "REDOUBT_METADATA": about["url"], "REDOUBT_CA_FILE": about["caFile"]}
            for subscription in (about["subscriptions"][0], "00000000-0000-0000-0000-000000000001"):
                found = place.run("login", "status", "-o", "json", env={**env, "AZURE_SUBSCRIPTION_ID": subscription})
                expect(found, "login status" if found.status == 0 else "error", found.status)
        finally:
            server.terminate()


@claim
def what_a_reader_is_not_shown(place):
    place.spec("confidential-cmk")
    with Served(place, "--state", "cloud") as server:
        server.run("up", "--live", "--yes", "-q", "spec.yaml").works()
        for verb in ("plan", "audit", "status"):
            expect(server.run(verb, "--live", "-o", "json", "spec.yaml", name="reader"), verb)


@claim
def errors_of_the_command_line_and_of_files(place):
    expect(place.run("plan", "-o", "json", "nothing.yaml"), "error", 5)
    expect(place.run("plan", "-o", "json", "--nosuch"), "error", 3)
    expect(place.run("plan", "-o", "json", "--speed", "x"), "error", 3)
    expect(place.run("apply", "--live", "-o", "json", "x"), "error", 5)


@claim
def errors_of_azures(place):
    place.write("e.json", '{"error":{"code":"OperationNotAllowed","message":"exceeding approved x"}}')
    for words in [["OperationNotAllowed"], ["e.json"], ["--all"], ["InvalidAuthenticationToken"]]:
        expect(place.run("explain", "-o", "json", *words), "explain")
    expect(place.run("explain", "-o", "json", "SkuNotAvailabel"), "error", 5)


@claim
def every_documented_member_was_seen(place):
    assert isinstance(place, Place)
    never = {(shape, member) for shape in SHAPES for member in SHAPES[shape]} - SEEN - RARE
    assert len(SEEN) > 100 and not never, sorted(never)


main(collect(globals()))
