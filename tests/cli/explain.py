#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""explain.py PROGRAM SOURCE: what an error means, from a code, a file or standard input."""
import os
import re

from tap import claim, collect, main

DEPLOYMENT = """ERROR: (DeploymentFailed) At least one resource deployment operation failed.
Code: DeploymentFailed
Message: At least one resource deployment operation failed.
Exception Details:\t(Conflict) {"error":{"code":"SkuNotAvailable","message":"none of that size"}}
\tCode: Conflict
"""


def fits(told):
    wide = [line for line in told.out.splitlines() if len(line) > 80 and " " in line.strip()]
    assert not wide and not re.search(r"(?m) +$", told.out), wide or told


@claim
def a_code_is_explained_whatever_its_case(place):
    told = place.run("explain", "skunotAVAILABLE").works(
        "SkuNotAvailable\n", "class ", "capacity", "to do ", "choose another zone", "to act ", "the provider",
        "known from ", "azure-compute reference 5.7, 2026-11-21")
    fits(told)
    place.run("explain", "aadsts7000215").works("AADSTS7000215\n", "the client secret is wrong")
    place.run("explain", "429").works("too many requests")
    place.run("explain", "NeedsAssistance").works("a state, no error")
    place.run("explain", "--", "-2145648509").works("0x801c0083", "delete the stale device")


@claim
def a_code_with_several_meanings_tells_them_all_the_plain_one_last(place):
    told = place.run("explain", "OperationNotAllowed").works("when", "exceeding approved", "quota:", "conflict:")
    assert told.out.rfind("when ") < told.out.find("else "), told
    fits(told)


@claim
def a_file_and_standard_input_are_read_innermost_first(place):
    name = place.write("error.txt", DEPLOYMENT)
    for told in [place.run("explain", name), place.run("explain", "-", stdin=open(place.path(name), "rb"))]:
        told.works("says ")
        codes = re.findall(r"(?m)^\w+$", told.out)
        assert codes == ["SkuNotAvailable", "Conflict", "DeploymentFailed"], told
        fits(told)
    place.run("explain", "(ScopeLocked) The scope is locked").works("a management lock")


@claim
def an_unknown_code_names_the_nearest_and_fails(place):
    place.run("explain", "SkuNotAvailabel").fails(5, "'SkuNotAvailabel'", "near: SkuNotAvailable")
    place.run("explain", "Zyxwvuts").fails(5, "'Zyxwvuts'", "lists all codes")
    name = place.write("e.json", '{"error":{"code":"NeverSeen","message":"m","details":[{"code":"NicInUse"}]}}')
    told = place.run("explain", name).fails(5, "'NeverSeen' is no code that redoubt knows")
    assert "NicInUse\n" in told.out and "not known to redoubt" in told.out, told


@claim
def what_holds_no_error_is_told_so(place):
    for text in [b"", b"all is well", b'{"value":[]}', b"\x00\xff\x1b[31m"]:
        place.run("explain", place.write("x", text)).fails(5, "there is no error of Azure's in 'x'", "hint:")
    place.run("explain", "no/such.json").fails(5, "neither a file nor a code")
    place.run("explain", ".").fails(22)
    place.write("big", b"x" * (5 << 20))
    place.run("explain", "big").fails(21, "'big'")


@claim
def nothing_in_a_file_steers_the_terminal(place):
    place.write("x", '{"error":{"code":"NicInUse","message":"a\\u001b[31mb"}}')
    told = place.run("explain", "x").works("a [31mb")
    assert "\x1b" not in told.out, told


@claim
def all_codes_are_listed_in_groups(place):
    told = place.run("explain").works("signing in\n", "\nbackup\n", "  SkuNotAvailable ")
    assert place.run("explain", "--all").works().out == told.out
    assert len(re.findall(r"(?m)^  \S", told.out)) > 300, told
    fits(told)


@claim
def a_table_of_ones_own_takes_its_place_and_is_checked(place):
    os.mkdir(place.path("data"))
    row = "- {code: Mine, group: g, class: QUOTA, meaning: m, remedy: r, who: w, source: s, date: d}\n"
    place.write("data/errors.yaml", row)
    place.run("explain", "--data", "data", "mine").works("Mine\n", "quota")
    place.write("data/errors.yaml", "- [")
    place.run("explain", "--data", "data", "mine").fails(4, "errors.yaml")


@claim
def what_a_run_ends_with_is_told_the_same(place):
    place.spec()
    failed = place.up("--fault", "capacity:zone=1,kind=ZonalAllocationFailed")
    failed.fails(12, "ZonalAllocationFailed", "meaning: no room for that VM size in the zone now")
    place.write("err.txt", failed.err)
    place.run("explain", "err.txt").works("ZonalAllocationFailed\n", "no room for that VM size in the zone now")


main(collect(globals()))
