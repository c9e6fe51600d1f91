#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""equal.py PROGRAM SOURCE: over the wire redoubt does what it does in-process."""
import collections
import contextlib
import glob
import json
import re
import socket
import sqlite3
import threading

from served import Served
from tap import claim, collect, main

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# A host's own address: which of two interfaces that are made at once takes the lower one is the cloud's affair.
ADDRESS = re.compile(r"\b10\.81\.0\.\d+\b(?!/)")
PUBLIC = {"vault": "vault.usgovcloudapi.net", "managedhsm": "managedhsm.usgovcloudapi.net"}
LIVE = ("--live", "--yes", "-q")


def home(text):
    """URLs of a served cloud as they are in-process."""
    for label, suffix in PUBLIC.items():
        text = re.sub(rf"{label}\.localhost:\d+", suffix, text)
    return re.sub(r"https://localhost:\d+", "https://management.usgovcloudapi.net", text)


def journal(place, *folder):
    (path,) = glob.glob(place.path(*folder, "redoubt.db"))
    with contextlib.closing(sqlite3.connect(path)) as db:
        tables = [row[0] for row in db.execute("select name from sqlite_master where type = 'table'")]
        name = next(t for t in tables if t.startswith("entr"))
        columns = [row[1] for row in db.execute(f"pragma table_info({name})")]
        rows = db.execute(f"select * from {name}").fetchall()
    return [dict(zip(columns, row)) for row in rows]


def shape(entries):
    """What was intended, accepted and done, of what, and how often; not when."""
    return sorted((entry["phase"], entry["step"], entry["id"].lower(), entry["status"], entry["code"]) for entry in entries)


def named(text):
    return ADDRESS.sub("ADDRESS", GUID.sub("GUID", text))


def drawn(value):
    """A copy in which what differs between any two clouds stands for its kind: times, ids and addresses that were drawn."""
    if isinstance(value, dict):
        return {key: drawn(item) for key, item in value.items()}
    if isinstance(value, list):
        return [drawn(item) for item in value]
    if isinstance(value, str):
        value = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", "TIME", value)
        return named(re.sub(r"\b[0-9a-f]{32,64}\b", "HEX", value))
    return value


@claim
def the_plan_is_the_same_to_the_byte(place):
    for example in ("sovereign", "confidential-cmk", "confidential-pmk"):
        place.spec(example, 3, f"{example}.yaml")
        with Served(place, "--state", "cloud", spec=f"{example}.yaml") as server:
            for form in ((), ("-o", "json"), ("--all",)):
                own = place.run("plan", *form, f"{example}.yaml").works()
                over = server.run("plan", "--live", *form, f"{example}.yaml").works()
                assert own.out == over.out, (example, form)
                assert "localhost" not in over.out
            assert not place.has_state(), "a plan left a trace"


# What a served cloud has besides: its applications, who they are and may, and the key of its tokens.
OWN = ("/providers/microsoft.login/", "/providers/microsoft.graph/directoryobjects/")


def resources(place, *folder):
    """Everything that a cloud holds, by id: with what each cloud draws for itself standing for its kind."""
    (path,) = glob.glob(place.path(*folder, "cloud.db"))
    found = {}
    with contextlib.closing(sqlite3.connect(path)) as db:
        for name, kind, text in db.execute("select id, type, text from resource"):
            name = name.lower()
            if not name.startswith(OWN):
                found.setdefault(named(name), []).append((kind, json.dumps(drawn(json.loads(text)), sort_keys=True)))
    return {name: sorted(bodies) for name, bodies in found.items()}


@claim
def the_enclave_that_stands_is_the_same(place):
    place.spec(hosts=3)
    with Served(place, "--state", "cloud") as server:
        own = place.up("-o", "json").works().json()
        over = server.run("up", *LIVE, "-o", "json", "spec.yaml").works().json()
        for name in ("done", "failed", "skipped", "writes", "deletes", "criticalPathSeconds"):
            assert own["run"][name] == over["run"][name], (name, own["run"][name], over["run"][name])
        assert [s["id"] for s in own["run"]["steps"]] == [s["id"] for s in over["run"]["steps"]]
        assert drawn(own["audit"]) == drawn(json.loads(home(json.dumps(over["audit"]))))
        assert own["price"] == over["price"]
        statuses = [place.run("status", "-o", "json", "spec.yaml").works().json(),
                    server.run("status", "--live", "-o", "json", "spec.yaml").works().json()]
        for status in statuses:
            assert [run.pop("start") for run in status["runs"]]
        assert statuses[0] == statuses[1]
        texts = [place.run("plan", "spec.yaml").works().out, server.run("plan", "--live", "spec.yaml").works().out]
        assert texts[0] == texts[1] and texts[0].startswith("no changes"), texts
    own, over = resources(place, ".redoubt", "*"), resources(place, "cloud", "*")
    grants = next(name for name in over if name.startswith("/subscriptions/GUID/providers/microsoft.authorization/roleassignments"))
    assert len(over.pop(grants)) == len(own.pop(grants, [])) + 2, "the two applications' own"
    assert len(own) > 80 and own == over, [name for name in {**own, **over} if own.get(name) != over.get(name)]


@claim
def the_journal_has_the_same_shape(place):
    place.spec(hosts=2)
    with Served(place, "--state", "cloud") as server:
        place.up().works()
        server.run("up", *LIVE, "spec.yaml").works()
        own, over = journal(place, ".redoubt", "*"), journal(place, ".redoubt", "*", "live")
        assert len(own) > 100 and shape(own) == shape(over)


@claim
def no_write_of_a_hundred_hosts_is_lost_or_doubled(place):
    """What the client's journal has as accepted, the cloud has begun, each as often; a key vault's name is registered
    without an operation that a client could follow: there the intent counts."""
    place.spec(hosts=100)
    with Served(place, "--state", "cloud") as server:
        run = server.run("up", *LIVE, "-o", "json", "spec.yaml", timeout=200).works().json()["run"]
    assert run["failed"] == run["skipped"] == 0
    (path,) = glob.glob(place.path("cloud", "*", "cloud.db"))
    with contextlib.closing(sqlite3.connect(path)) as db:
        begun = collections.Counter(name.lower() for (name,) in db.execute("select resource_id from operation"))
    entries = journal(place, ".redoubt", "*", "live")
    told = [collections.Counter(entry["id"].lower() for entry in entries if entry["phase"] == phase) for phase in range(3)]
    accepted = told[1] + collections.Counter({name: told[0][name] for name in begun if name not in told[1]})
    assert begun.total() > 800 and begun == accepted, (begun - accepted, accepted - begun)
    assert told[2].total() == run["done"] and told[0].total() == run["writes"] - 1, (told[0].total(), run)


@claim
def a_live_enclave_is_destroyed_and_nothing_is_left(place):
    place.spec(hosts=2)
    with Served(place, "--state", "cloud") as server:
        server.run("up", *LIVE, "spec.yaml").works()
        own = place.up().works() and place.up("-o", "json", verb="destroy").works().json()
        over = server.run("destroy", *LIVE, "-o", "json", "spec.yaml").works().json()
        assert own["done"] == over["done"] and over["failed"] == 0
        plans = [place.run("plan", "spec.yaml").works().out, server.run("plan", "--live", "spec.yaml").works().out]
        assert plans[0] == plans[1] and "to create" in plans[0]


@claim
def a_rehearsal_and_a_live_run_know_nothing_of_each_other(place):
    place.spec(hosts=2)
    with Served(place, "--state", "cloud") as server:
        place.up().works()
        server.run("plan", "--live", "spec.yaml").works("72 to create")
        assert not glob.glob(place.path(".redoubt", "*", "live"))
        server.run("up", *LIVE, "spec.yaml").works()
        assert not glob.glob(place.path(".redoubt", "*", "live", "cloud.db"))
        runs = server.run("status", "--live", "-o", "json", "spec.yaml").works().json()["runs"]
        assert [run["run"] for run in runs] == [1], runs
        (marker,) = glob.glob(place.path(".redoubt", "*", "live", "cloud"))
        with open(marker, "w", encoding="ascii") as out:
            out.write("https://management.azure.com\n")
        server.run("status", "--live", "spec.yaml").fails(9, "https://management.azure.com", "--state")


@claim
def tokens_that_run_out_in_the_middle_of_polls_are_renewed(place):
    place.spec(hosts=2)
    with Served(place, "--state", "cloud", "--fault", "token-life:seconds=90") as server:
        server.run("up", *LIVE, "spec.yaml").works("stands on AzureUSGovernment")


class Recorder:
    """A proxy that writes down what is asked of it and refuses."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.asked = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                with connection:
                    self.asked.append(connection.recv(4096).split(b"\r\n")[0])
                    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


@claim
def no_request_leaves_the_cloud_s_own_endpoints(place):
    """What stays on this machine goes by no proxy; all else would meet the recorder."""
    place.spec(hosts=2)
    recorder = Recorder()
    proxy = {"HTTPS_PROXY": recorder.url, "HTTP_PROXY": recorder.url, "ALL_PROXY": recorder.url}
    with Served(place, "--state", "cloud") as server:
        server.run("up", *LIVE, "spec.yaml", env=proxy).works("stands on")
        assert not recorder.asked, recorder.asked
        # The recorder would have seen it: the public cloud is asked through it, and only its sign-in host.
        found = server.run("plan", "--live", "spec.yaml", env={**proxy, "REDOUBT_METADATA": None, "REDOUBT_CA_FILE": None})
        assert found.status == 17, found
        assert set(recorder.asked) == {b"CONNECT login.microsoftonline.us:443 HTTP/1.1"}, recorder.asked


main(collect(globals()))
