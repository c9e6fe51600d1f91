#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reader.py PROGRAM SOURCE: what Reader on the subscriptions is enough for, and what it does not see."""
import contextlib
import glob
import os
import re
import sqlite3

from served import Served
from tap import claim, collect, main

LIVE = ("--live", "--yes", "-q")
AUDITOR = "the role Managed HSM Crypto Auditor inside it"


def words(text):
    """Without the ends of lines, which fall where the width has them."""
    return re.sub(r"\s+", " ", text)


def build(place, server, example="sovereign", hosts=2):
    place.spec(example, hosts)
    return server.run("up", *LIVE, "-o", "json", "spec.yaml").works().json()


@claim
def reader_alone_plans_audits_and_prices_what_stands(place):
    place.spec()
    with Served(place, "--state", "cloud") as server:
        build(place, server)
        plans = [server.run("plan", "--live", *form, "spec.yaml", name=name).works().out
                 for form in ((), ("-o", "json")) for name in ("reader", "deployer")]
        assert plans[0].startswith("no changes: all"), plans[0]
        assert plans[0] == plans[1] and plans[2] == plans[3] and "unseen" not in plans[2]
        audits = [server.run("audit", "--live", "-o", "json", "spec.yaml", name=name).works().json() for name in ("reader", "deployer")]
        assert audits[0] == audits[1] and audits[0]["findings"]["summary"]["pass"] > 50
        assert server.run("status", "--live", "spec.yaml", name="reader").works().out.count("not seen") == 0
        place.run("cost", "spec.yaml").works("a month")


@claim
def a_key_in_a_vault_is_seen_without_a_role_in_the_vault(place):
    place.spec("confidential-cmk", 2)
    text = place.read("spec.yaml").replace("store: hsm ", "store: vault ").replace("  sku:", "  # sku:")
    place.write("spec.yaml", text)
    with Served(place, "--state", "cloud") as server:
        server.run("up", *LIVE, "spec.yaml").works("stands on")
        server.run("plan", "--live", "spec.yaml", name="reader").works("no changes: all")
        # A key of another size is one that cannot change: so its properties have been read.
        place.write("spec.yaml", text.replace("size: 3072", "size: 4096"))
        server.run("plan", "--live", "spec.yaml", name="reader").fails(4, "key_size", "3072", "4096")


@claim
def roles_inside_an_hsm_are_unseen_and_never_planned(place):
    place.spec("confidential-cmk", 2)
    with Served(place, "--state", "cloud") as server:
        assert build(place, server, "confidential-cmk")["audit"]["findings"]["summary"]["errors"] == 0
        server.run("plan", "--live", "spec.yaml").works("no changes: all")
        told = words(server.run("plan", "--live", "spec.yaml", name="reader").works().out)
        assert told.startswith("no changes in what was seen: "), told
        assert told.count("not seen") == 1 and "HSM role assignments in managed HSM 'hsm-contoso-cmk-01'" in told and AUDITOR in told
        plan = server.run("plan", "--live", "-o", "json", "spec.yaml", name="reader").works().json()
        assert plan["changes"] == [] and plan["steps"] == [] and len(plan["unseen"]) >= 3, plan["unseen"]
        assert all("/managedHSMs/hsm-contoso-cmk-01/roleAssignments/" in name for name in plan["unseen"])
        assert plan["unchanged"] + len(plan["unseen"]) == len([r for r in plan["desired"]["resources"] if not r.get("isExisting")])
        # Nobody knows whether something has to change.
        assert server.run("plan", "--live", "--detailed-exitcode", "spec.yaml", name="reader").status == 2
        # What else changes is planned all the same.
        place.write("spec.yaml", re.sub(r"(?m)^(  count:) *2", r"\1 3", place.read("spec.yaml")).replace(
            "user02@contoso.us", "user02@contoso.us, user03@contoso.us"))
        more = server.run("plan", "--live", "-o", "json", "spec.yaml", name="reader").works().json()
        assert "create" in {c["kind"] for c in more["changes"]} and more["unseen"] == plan["unseen"], more["unseen"]
        assert not any("/managedHSMs/" in c["id"] for c in more["changes"])
        assert "not seen" in words(server.run("plan", "--live", "spec.yaml", name="reader").works("to create").out).split("to create")[1]


@claim
def rules_whose_subjects_are_unseen_have_not_passed(place):
    place.spec("confidential-cmk", 2)
    with Served(place, "--state", "cloud") as server:
        build(place, server, "confidential-cmk")
        told = server.run("audit", "--live", "spec.yaml", name="reader").works("unknown")
        assert AUDITOR in words(told.out) and "not seen" in told.out
        audits = {name: server.run("audit", "--live", "-o", "json", "spec.yaml", name=name).works().json()
                  for name in ("reader", "deployer")}
        verdicts = {name: {f["rule"]: f for f in audit["findings"]["findings"]} for name, audit in audits.items()}
        unseen = {rule for rule, finding in verdicts["reader"].items() if "unseen" in finding}
        assert unseen and all(verdicts["reader"][rule]["verdict"] == "unknown" and AUDITOR in verdicts["reader"][rule]["unseen"]
                              for rule in unseen)
        assert {rule for rule in verdicts["reader"] if verdicts["reader"][rule]["verdict"] != verdicts["deployer"][rule]["verdict"]} == unseen
        assert {verdicts["deployer"][rule]["verdict"] for rule in unseen} <= {"pass", "no-subject"}
        assert audits["reader"]["missing"] == [] and len(audits["reader"]["unseen"]) >= 3
        assert "unseen" not in audits["deployer"]
        server.run("status", "--live", "spec.yaml", name="reader").works("<- not seen", AUDITOR)
        server.run("report", "--live", "--out", "r.html", "spec.yaml", name="reader").works()
        assert "Not seen: " in place.read("r.html") and AUDITOR in place.read("r.html")


@claim
def who_does_not_see_all_changes_nothing(place):
    place.spec("confidential-cmk", 2)
    with Served(place, "--state", "cloud") as server:
        build(place, server, "confidential-cmk")
        for verb in ("apply", "up", "destroy"):
            server.run(verb, *LIVE, "spec.yaml", name="reader").fails(16, "nothing was changed", "HSM role assignments", AUDITOR)
        server.run("plan", "--live", "--save", "plan.json", "spec.yaml", name="reader").works("refuses it")
        server.run("apply", *LIVE, "plan.json").fails(16, "nothing was changed", AUDITOR)
        server.run("plan", "--live", "--save", "plan.json", "spec.yaml").works("run it with")
        server.run("apply", *LIVE, "plan.json", name="reader").fails(16, "nothing was changed", AUDITOR)
        server.run("apply", *LIVE, "plan.json").works()


@claim
def a_key_of_another_cloud_is_told_by_this_one_s_suffixes(place):
    place.spec("confidential-cmk", 2)
    rule = "RD-SOV-009"
    with Served(place, "--state", "cloud") as server:
        built = build(place, server, "confidential-cmk")
        assert [f["verdict"] for f in built["audit"]["findings"]["findings"] if f["rule"] == rule] == ["pass"]
    (path,) = glob.glob(place.path("cloud", "*", "cloud.db"))
    with contextlib.closing(sqlite3.connect(path)) as db:
        kind = "Microsoft.Compute/diskEncryptionSets"
        (text,) = db.execute("select text from resource where type = ? collate nocase", (kind,)).fetchone()
        assert "managedhsm.azure.net" in text
        db.execute("update resource set text = ? where type = ? collate nocase",
                   (text.replace("managedhsm.azure.net", "managedhsm.usgovcloudapi.net"), kind))
        db.commit()
    with Served(place, "--state", "cloud") as server:
        found = server.run("audit", "--live", "spec.yaml")
        assert found.status == 6 and rule in found.out and os.path.exists(place.path("spec.yaml")), found


main(collect(globals()))
