#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ends.py PROGRAM SOURCE: whatever ends a run early, it says so once, ends with a documented status,
and the same command goes on from there."""
import os
import signal
import subprocess
import time

from tap import PROGRAM, Standing, claim, collect, main

STANDING = Standing()
SLOWLY = ["--yes", "-q", "--clock", "scaled", "--speed", "300"]


def begin(place, after, *words, **more):
    """A run that has been under way for `after` seconds."""
    process = place.start("up", *(words or SLOWLY), "spec.yaml", **more)
    time.sleep(after)
    return process


def end(process):
    _, err = process.communicate(timeout=60)
    return process.returncode, err.decode()


@claim
def a_signal_at_any_time_lets_what_runs_end(place):
    place.spec()
    for number, after in [(signal.SIGTERM, 0.2), (signal.SIGINT, 0.5), (signal.SIGHUP, 0.8)]:
        process = begin(place, after)
        process.send_signal(number)
        status, err = end(process)
        assert status == 11 and err.count("redoubt: ") == 1, (number, status, err)
        assert "hint: run the same command again" in err, err
    told = place.run("status", "spec.yaml").works("interrupted")
    assert told.out.count("interrupted") >= 2, told
    place.up().works()
    place.is_settled()


@claim
def a_signal_soon_after_the_start_is_told_too(place):
    place.spec(hosts=60)
    for after in [0.005, 0.02, 0.05, 0.1]:
        process = begin(place, after)
        process.terminate()
        status, err = end(process)
        assert status in (11, -signal.SIGTERM), (after, status, err)
        assert status != 11 or "stopped" in err, err
    place.up().works()
    place.is_settled()


@claim
def a_second_signal_ends_at_once(place):
    place.spec()
    process = begin(place, 0.5, "--yes", "-q", "--clock", "scaled", "--speed", "5")
    process.send_signal(signal.SIGINT)
    time.sleep(0.6)
    assert process.poll() is None, "what is under way takes minutes"
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    status, err = end(process)
    assert status == 11 and "stopped at once" in err and time.monotonic() - start < 2, (status, err)
    place.up().works()
    place.is_settled()


@claim
def a_kill_loses_nothing(place):
    place.spec()
    process = begin(place, 0.7)
    process.kill()
    end(process)
    place.run("status", "spec.yaml").works("killed")
    place.up().works()
    place.is_settled()


@claim
def a_closed_standard_output_is_told_before_anything_is_done(place):
    place.spec()
    for verb in [("plan",), ("cost",), ("check",), ("up", "--yes", "-q", "--clock", "virtual"), ("plan", "-o", "json")]:
        words = " ".join([PROGRAM, *verb, "spec.yaml"])
        for where in [">&-", ">/dev/full"]:
            place.run("-c", f"exec {words} {where}", program=["sh"]).fails(22, "cannot write to standard output")
    assert place.cloud("SELECT count(*) FROM resource WHERE type LIKE '%resourceGroups'") == [(0,)]
    place.up().works()


@claim
def a_reader_that_has_read_enough_is_no_crash(place):
    STANDING.copy(place)
    for words in ["help spec", "plan --all spec.yaml", "audit --all spec.yaml", "plan -o json spec.yaml"]:
        told = place.run("-c", f"{PROGRAM} {words} | head -n 1", program=["sh"])
        assert told.status == 0 and told.err in ("", "redoubt: cannot write to standard output: Broken pipe\n"), told


@claim
def a_run_stops_when_its_reader_has_gone(place):
    place.spec()
    process = begin(place, 0.6)
    process.stdout.close()
    process.stdout = None
    status, err = end(process)
    assert status == 11 and "stopped with" in err, (status, err)
    place.up().works()
    place.is_settled()


@claim
def closed_streams_are_not_given_to_files(place):
    place.spec()
    place.run("-c", f"exec {PROGRAM} up --yes --clock virtual spec.yaml <&- 2>&-", program=["sh"]).works("stands")
    with open(place.state("cloud.db"), "rb") as file:
        assert file.read(15) == b"SQLite format 3"
    with open(place.state("lock"), "rb") as file:
        assert file.read() == b""
    place.is_settled()


@claim
def without_a_terminal_a_question_is_an_error(place):
    place.spec()
    for verb in ["up", "apply"]:
        place.run(verb, "spec.yaml").fails(3, "there is no terminal to ask at", "answer beforehand with --yes")
    assert place.cloud("SELECT count(*) FROM resource WHERE type LIKE '%resourceGroups'") == [(0,)]
    place.up().works()
    place.run("destroy", "spec.yaml").fails(3, "'contoso-cui'", "--yes")
    place.is_settled()


@claim
def a_report_that_cannot_be_written_is_told(place):
    STANDING.copy(place)
    for path in ["nowhere/report.html", "/dev/full", "."]:
        place.run("report", "--out", path, "spec.yaml").fails(22, f"'{path}'")
    assert isinstance(subprocess.DEVNULL, int) and os.path.exists("/dev/full")


main(collect(globals()))
