#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""plans.py PROGRAM SOURCE: saved plans run as they were made or not at all, and what is done already
is not done again."""
import copy
import json
import os
import re
import time

from tap import Standing, claim, collect, main

STANDING = Standing()


def members(node, path=()):
    """The path of each member, of the first item of each array."""
    items = node.items() if isinstance(node, dict) else [(0, node[0])] if isinstance(node, list) and node else []
    for key, value in items:
        yield (*path, key)
        yield from members(value, (*path, key))


def edited(plan, path):
    """The plan with one member changed, taken away, and of another type."""
    for how in ["changed", "gone", "another type"]:
        edit = copy.deepcopy(plan)
        parent = edit
        for key in path[:-1]:
            parent = parent[key]
        value = parent[path[-1]]
        if how == "gone":
            del parent[path[-1]]
        elif how == "another type":
            parent[path[-1]] = 7 if isinstance(value, list) else []
        elif isinstance(value, bool):
            parent[path[-1]] = not value
        elif isinstance(value, (int, str)):
            parent[path[-1]] = value + type(value)(1)
        else:
            continue
        yield how, edit


@claim
def a_saved_plan_runs_once(place):
    place.spec()
    assert place.run("plan", "--save", "plan.json", "--detailed-exitcode", "spec.yaml").status == 2
    assert os.stat(place.path("plan.json")).st_mode & 0o777 == 0o600
    assert not place.has_state()
    place.up(spec="plan.json", verb="apply").works("steps done in")
    place.is_settled()
    place.up(spec="plan.json", verb="apply").fails(7, "made for another state", "hint: plan again")
    ((hash_,),) = place.database("redoubt.db", "SELECT plan_hash FROM run")
    assert hash_ == json.loads(place.read("plan.json"))["hash"]


@claim
def a_saved_plan_that_was_cut_short_is_gone_on_with(place):
    place.spec()
    place.run("plan", "--save", "plan.json", "spec.yaml").works()
    for after in [60, 90]:
        assert place.up("--fault", f"crash:after={after}", spec="plan.json", verb="apply").status == -9
    place.up(spec="plan.json", verb="apply").works("steps done in")
    place.is_settled()
    assert len(set(place.database("redoubt.db", "SELECT plan_hash FROM run"))) == 1
    place.up(spec="plan.json", verb="apply").fails(7)


@claim
def what_is_left_of_a_saved_plan_is_refused_when_something_else_has_happened(place):
    place.spec()
    place.run("plan", "--save", "plan.json", "spec.yaml").works()
    struck = place.up("--fault", "capacity", spec="plan.json", verb="apply").fails(12)
    place.cloud("UPDATE resource SET text = json_set(text, '$.tags.\"data-class\"', 'x') WHERE type LIKE '%workspaces'")
    place.up(spec="plan.json", verb="apply").works() # it made them, and makes them what they should be
    place.is_settled()
    place.spec(hosts=1)
    place.run("plan", "--save", "less.json", "spec.yaml").works("cui-02")
    assert place.up("--fault", "crash:after=40", spec="less.json", verb="apply").status == -9, struck
    place.cloud("UPDATE resource SET text = json_set(text, '$.tags.\"data-class\"', 'x') WHERE type LIKE '%vaults'")
    place.up(spec="less.json", verb="apply").fails(7, "something has changed since")


@claim
def a_saved_plan_whose_world_has_moved_on_is_refused(place):
    STANDING.copy(place)
    text = place.read("spec.yaml")
    place.write("spec.yaml", text.replace("retention_days: 30", "retention_days: 40"))
    place.run("plan", "--save", "plan.json", "spec.yaml").works("backup policy")
    place.write("spec.yaml", text.replace("data-class: CUI", "data-class: ITAR"))
    place.up(verb="apply").works()
    before = place.cloud("SELECT id, text FROM resource ORDER BY id")
    place.up(spec="plan.json", verb="apply").fails(7, "something has changed since")
    assert place.cloud("SELECT id, text FROM resource ORDER BY id") == before


@claim
def a_plan_edited_by_hand_is_refused_whichever_member_it_was(place):
    place.spec()
    place.run("plan", "--save", "plan.json", "spec.yaml").works()
    plan = json.loads(place.read("plan.json"))
    tried = 0
    for path in members(plan):
        for how, edit in edited(plan, path):
            place.write("edited.json", json.dumps(edit))
            told = place.up(spec="edited.json", verb="apply")
            assert told.status == 4 and told.err.count("redoubt: ") == 1, (path, how, told)
            tried += 1
    assert tried > 150 and not place.has_state(), tried


@claim
def a_plan_that_is_cut_short_or_of_another_enclave_is_refused(place):
    whole = place.read("plan.json") if place.spec() and place.run(
        "plan", "--save", "plan.json", "spec.yaml").status == 0 else ""
    for size in [1, 2, 100, 5000, len(whole) // 2, len(whole) - 3]:
        place.write("cut.json", whole[:size])
        place.up(spec="cut.json", verb="apply").fails(4, "cut.json:")
    place.write("other.json", whole.replace("contoso-cui", "contoso-cuj"))
    place.up(spec="other.json", verb="apply").fails(4, "edited by hand")
    place.write("other.json", "{}")
    place.up(spec="other.json", verb="apply").fails(4, "'version' is missing")
    assert not place.has_state()


@claim
def twice_changes_nothing_and_is_quick(place):
    STANDING.copy(place)
    before = place.cloud("SELECT id, text FROM resource ORDER BY id")
    for verb in ["apply", "up"]:
        start = time.monotonic()
        place.up(verb=verb).works("no changes: all")
        assert time.monotonic() - start < 5
    assert place.cloud("SELECT id, text FROM resource ORDER BY id") == before


@claim
def the_services_own_policies_are_not_mentioned(place):
    STANDING.copy(place)
    told = place.run("plan", "spec.yaml").works("no changes")
    assert "left alone" not in told.out and place.cloud(
        "SELECT count(*) FROM resource WHERE id LIKE '%/backupPolicies/DefaultPolicy'") == [(1,)], told


@claim
def all_examples_end_well_and_a_first_backup_to_come_is_a_warning(place):
    for example in ["sovereign", "confidential-pmk", "confidential-cmk"]:
        place.spec(example)
        up = place.up().works("(0 errors, 1 warning)")
        assert ("RD-BAK-011" in up.out) == (example == "sovereign"), up
        place.is_settled()
        audit = place.run("audit", "spec.yaml")
        assert audit.status == 0 and "RD-IMG-015" not in audit.out, audit


@claim
def a_sum_that_is_rounded_as_one_is_one_line(place):
    place.spec(hosts=20)
    told = place.run("cost", "spec.yaml").works("$3,077")
    assert [line for line in told.out.splitlines() if "40 GB, ingestion and sentinel" in line and "$221" in line]
    assert ".40" not in told.out and ".60" not in told.out, told


@claim
def session_hosts_are_sorted_by_name(place):
    place.spec(hosts=12)
    place.up().works()
    told = place.run("status", "spec.yaml").works()
    names = [line.split()[0] for line in told.out.splitlines() if line.startswith("  cui-")]
    assert len(names) == 12 and names == sorted(names), told


@claim
def an_audit_of_nothing_has_not_passed(place):
    place.spec()
    place.run("audit", "spec.yaml").fails(5, "nothing of the enclave 'contoso-cui' is there", "redoubt up")
    assert not place.has_state()


@claim
def another_user_takes_a_desktop_over(place):
    place.spec()
    place.up().works()
    place.write("spec.yaml", place.read("spec.yaml").replace("user02@contoso.us", "cleo@contoso.us"))
    place.up(verb="apply").works("1 of 1 steps done")
    place.is_settled()
    place.run("status", "spec.yaml").works("cleo@contoso.us")


@claim
def a_budget_that_is_there_can_be_changed(place):
    place.spec()
    place.up().works()
    place.write("spec.yaml", place.read("spec.yaml").replace("amount: 3100", "amount: 4000"))
    place.run("plan", "spec.yaml").works("properties.amount: 3100 -> 4000")
    place.up(verb="apply").works("1 of 1 steps done")
    place.is_settled()


@claim
def who_takes_a_saved_plan_for_a_spec_is_told(place):
    place.spec()
    place.run("plan", "--save", "plan.json", "spec.yaml").works()
    for verb in ["plan", "check", "up", "cost"]:
        place.run(verb, "plan.json").fails(4, f"'plan.json' is a saved plan, and '{verb}' takes a spec",
                                           "redoubt apply plan.json")


@claim
def an_empty_file_is_neither_a_spec_nor_a_plan(place):
    place.write("plan.json", "\n")
    place.run("apply", "plan.json").fails(4, "plan.json:1:1: there is no spec in this file, nor a saved plan", "plan --save")


@claim
def what_stands_is_counted_alike_when_it_is_built_and_looked_at(place):
    place.spec()
    counts = [re.search(r"(\d+) of (\d+) (resources )?stand", told.works().out).groups()[:2]
              for told in [place.up(), place.run("status", "spec.yaml")]]
    assert counts[0] == counts[1] and counts[0][0] == counts[0][1], counts


main(collect(globals()))
