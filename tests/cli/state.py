#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""state.py PROGRAM SOURCE: a state folder that is newer, in use, read-only, damaged or full is told in
one sentence, and nothing in it is lost."""
import fcntl
import os
import resource
import time

from tap import PROGRAM, Standing, claim, collect, main

STANDING = Standing()
VERBS = [("plan",), ("status",), ("audit",), ("report",), ("apply", "--yes"), ("up", "--yes", "-q"),
         ("destroy", "--yes")]
NOBODY = 65534


def everywhere(place, status, *words):
    for verb in VERBS:
        place.run(*verb, "spec.yaml").fails(status, *words)


def scribble(path, offset, content):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(content)


@claim
def a_newer_version_is_left_alone(place):
    STANDING.copy(place)
    for name in ["cloud.db", "redoubt.db"]:
        [(version,)] = place.database(name, "PRAGMA user_version")
        place.database(name, "PRAGMA user_version = 99")
        everywhere(place, 9, name, "newer redoubt", "hint: use that redoubt")
        assert place.database(name, "PRAGMA user_version") == [(99,)]
        place.database(name, f"PRAGMA user_version = {version}")
    place.is_settled()


@claim
def somebody_elses_database_is_left_alone(place):
    STANDING.copy(place)
    place.database("cloud.db", "PRAGMA application_id = 7")
    everywhere(place, 9, "cloud.db", "is not a redoubt")


@claim
def a_folder_in_use_names_who_uses_it(place):
    STANDING.copy(place)
    with open(place.state("lock"), "r+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        everywhere(place, 8, "is in use", "hint: wait for it to end")
    place.is_settled()


@claim
def of_two_processes_the_second_is_told_who_is_first(place):
    place.spec()
    first = place.start("up", "--yes", "-q", "--clock", "scaled", "--speed", "200", "spec.yaml")
    deadline = time.monotonic() + 20
    while not place.has_state() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    place.run("up", "--yes", "spec.yaml").fails(8, f"pid {first.pid}, up, since 20")
    place.run("status", "spec.yaml").fails(8, f"pid {first.pid}")
    first.terminate()
    first.communicate()
    assert first.returncode == 11
    place.up().works()
    place.is_settled()


@claim
def a_damaged_cloud_is_told(place):
    for offset, content in [(0, b"garbage garbage garbage"), (3 * 4096, b"\xa5" * 80000)]:
        STANDING.copy(place)
        scribble(place.state("cloud.db"), offset, content)
        for verb in [("plan",), ("up", "--yes", "-q")]:
            place.run(*verb, "spec.yaml").fails(9, "cloud.db' is damaged", "hint: move the file aside")
        os.system(f"rm -r '{place.folder}'/* '{place.folder}'/.redoubt")
    STANDING.copy(place)
    os.truncate(place.state("cloud.db"), 10000)
    place.run("plan", "spec.yaml").fails(9, "cloud.db' is damaged")


@claim
def a_damaged_row_names_its_resource(place):
    STANDING.copy(place)
    place.cloud("UPDATE resource SET text = '{broken' WHERE id LIKE '%/virtualNetworks/vnet-contoso-cui-hub'")
    everywhere(place, 9, "damaged row", "vnet-contoso-cui-hub")


@claim
def a_table_that_is_missing_is_told(place):
    for name, table in [("cloud.db", "resource"), ("redoubt.db", "run")]:
        STANDING.copy(place)
        place.database(name, f"DROP TABLE {table}")
        everywhere(place, 9, name, f"'{table}' is missing")
        os.system(f"rm -r '{place.folder}'/* '{place.folder}'/.redoubt")


@claim
def without_its_journal_an_enclave_still_stands(place):
    STANDING.copy(place)
    scribble(place.state("redoubt.db"), 0, b"garbage garbage garbage")
    everywhere(place, 9, "redoubt.db' is damaged", "hint: move the file aside: the journal then starts anew")
    os.rename(place.state("redoubt.db"), place.path("aside"))
    place.is_settled()


def as_nobody(place, *words):
    return place.run(*words, user=NOBODY, group=NOBODY, extra_groups=[])


@claim
def a_read_only_or_unreadable_folder_is_told(place):
    STANDING.copy(place)
    if os.geteuid() != 0 or not os.access(PROGRAM, os.X_OK):
        return
    if as_nobody(place, "--version").status != 0:
        return # the build lies where only its owner may go
    os.system(f"chmod -R a+rX,a-w '{place.folder}'/.redoubt; chmod a+r '{place.folder}'/spec.yaml")
    for verb in VERBS:
        as_nobody(place, *verb, "spec.yaml").fails(9, "Permission denied", "hint: ")
    os.system(f"chmod -R go-rwx '{place.folder}'/.redoubt")
    for verb in VERBS:
        as_nobody(place, *verb, "spec.yaml").fails(9, "Permission denied", "hint: ")
    os.system(f"rm -r '{place.folder}'/.redoubt")
    as_nobody(place, "up", "--yes", "-q", "spec.yaml").fails(9, "cannot be made: Permission denied", "--state")


@claim
def something_else_in_the_folders_place_is_told(place):
    place.spec()
    place.write(".redoubt", "x")
    for verb in VERBS:
        place.run(*verb, "spec.yaml").fails(9, "Not a directory", "--state")
    os.unlink(place.path(".redoubt"))
    for name in ["cloud.db", "redoubt.db", "lock"]:
        os.makedirs(place.path(".redoubt", "contoso-cui", name))
        place.run("plan", "spec.yaml").fails(9, name, "Is a directory")
        os.system(f"rm -r '{place.folder}'/.redoubt")
    for folder in ["/dev/null", "/proc/nothing", "spec.yaml"]:
        place.run("up", "--yes", "--state", folder, "spec.yaml").fails(9, folder, "hint: ")


@claim
def a_full_disk_loses_nothing(place):
    place.spec()

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (150000, 150000))

    full = place.run("up", "--yes", "-q", "--clock", "virtual", "spec.yaml", preexec_fn=limit)
    assert full.status == 22 and full.err.count("redoubt: ") == 1 and "cloud.db'" in full.err, full
    assert "hint: " in full.err, full
    place.up().works()
    place.is_settled()


main(collect(globals()))
