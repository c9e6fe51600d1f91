#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""faces.py PROGRAM SOURCE: what a newcomer reads: lines that fit, things by their names, and messages
that say what to do."""
import os
import re

from tap import SOURCE, Standing, claim, collect, main

EXAMPLE = Standing(hosts=20)
LOOKS = [["check"], ["check", "--all"], ["plan"], ["plan", "--all"], ["status"], ["audit"],
         ["audit", "--all"], ["cost"], ["cost", "--scenarios"], ["report"]]
TOPICS = ["", "spec", "faults", "exit-status", "rules", "types", "prices", "fidelity", "errors", "commands"]
VERBS = ["init", "up", "check", "plan", "apply", "status", "audit", "cost", "report", "destroy", "explain", "help"]


def too_wide(text):
    """Lines over 80 columns; a single word cannot be folded."""
    return [line for line in text.splitlines() if len(line) > 80 and " " in line.strip()]


def fits(told):
    assert told.out and not too_wide(told.out), (too_wide(told.out)[:3], told)
    assert not re.search(r"(?m) +$", told.out), repr(re.search(r"(?m).* +$", told.out)[0])


@claim
def what_looks_fits_eighty_columns(place):
    EXAMPLE.copy(place)
    for words in LOOKS:
        fits(place.run(*words, "spec.yaml"))


@claim
def what_acts_fits_eighty_columns(place):
    place.spec(hosts=20)
    fits(place.run("init", "new.yaml").works())
    fits(place.up().works())
    fits(place.up(verb="apply").works())
    place.write("more.yaml", place.read("spec.yaml").replace("size_gb: 128", "size_gb: 256"))
    fits(place.up(verb="destroy").works())
    fits(place.up("--fault", "quota", verb="apply"))


@claim
def help_fits_eighty_columns(place):
    for topic in TOPICS:
        fits(place.run("help", *topic.split()).works())
    for verb in VERBS:
        fits(place.run(verb, "--help").works())


@claim
def a_topic_is_a_document_only_when_it_is_asked_for_as_one(place):
    assert "| --- |" in place.run("help", "spec", "markdown").works().out
    told = place.run("help", "spec").works("images_subscription").out
    assert "|" not in told.split("Top level")[1].split("\nimage\n")[0] and "**" not in told, told[:2000]
    place.run("help", "faults", "markdown").fails(3, "there is no help on 'faults' as 'markdown'", "hint:")
    place.run("help", "man", "pln").fails(3, "there is no command 'pln'", "hint:")


@claim
def findings_name_resources_as_people_do_and_json_has_their_ids(place):
    EXAMPLE.copy(place)
    told = place.run("audit", "spec.yaml").works("at backup item cui-01, properties.lastBackupStatus")
    assert "/subscriptions/" not in told.out, told.out
    found = place.run("audit", "-o", "json", "spec.yaml").json()["findings"]["findings"]
    ids = [v["resource"] for f in found for v in f["violations"]]
    assert ids and all(i.startswith("/subscriptions/") for i in ids), ids


@claim
def progress_and_plan_name_what_things_are_for(place):
    place.spec()
    planned = place.run("plan", "spec.yaml").works(
        "role Desktop Virtualization User on vdag-contoso-cui", "diagnostic setting of afw-contoso-cui",
        "data collection rule association of cui-01 .. cui-02")
    told = place.run("up", "--yes", "--clock", "virtual", "spec.yaml").works()
    for text in [planned.out, told.err]:
        assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", text), re.search(r".*[0-9a-f]{8}-[0-9a-f]{4}-.*", text)[0]
        assert "setting redoubt" not in text and "association redoubt" not in text, text
    assert "done    role Desktop Virtualization User on vdag-contoso-cui (" in told.err, told
    assert "done    diagnostic setting of afw-contoso-cui (" in told.err, told
    assert "done    data collection rule association of cui-02 (" in told.err, told
    gone = place.run("destroy", "--yes", "--clock", "virtual", "spec.yaml").works()
    assert "deleting role Desktop Virtualization User on" in gone.err or "role Desktop" not in gone.err, gone


@claim
def each_quota_is_explained_as_the_one_it_is(place):
    place.spec()
    place.up("--fault", "quota").fails(13, "Total Regional Cores", "of all VM families together", "'Total Regional vCPUs'")
    family = place.up("--fault", "quota:family=standardDasv6Family")
    family.fails(13, "StandardDasv6Family", "of that VM family")
    assert "Total Regional" not in family.err, family


def with_size(place, size, amount=""):
    """The sovereign example with a size of which its sheet may have no price."""
    place.spec()
    text, count = re.subn(r"(?m)^  amount:.*\n", amount, place.read("spec.yaml"))
    assert count == 1 and "Standard_D8as_v6" in text, text
    return place.write("spec.yaml", text.replace("Standard_D8as_v6", size))


@claim
def an_unknown_price_fails_cost_alone(place):
    with_size(place, "Standard_D8as_v5")
    place.run("cost", "spec.yaml").fails(5, "no price for 'vm/Standard_D8as_v5'", "hint: nearest")
    for words in [["check"], ["plan"]]:
        told = place.run(*words, "spec.yaml").works()
        assert "warning: no budget" in told.err and "set 'budget.amount'" in told.err, told
    built = place.up()
    assert "price      unknown: price sheet" in built.out and "report     " in built.out, built
    # Nothing is hidden: the audit misses the budget.
    assert built.status == 6 and "RD-COST-001" in built.out, built
    place.is_settled()
    told = place.up("-o", "json").json()
    assert "price" not in told and "vm/Standard_D8as_v5" in told["unpriced"], told.keys()
    place.run("report", "spec.yaml").works("wrote ")
    place.run("status", "spec.yaml").works("budget   <- missing")
    place.run("up", "--yes", "--sheet", "nothing", "spec.yaml").fails(5, "no price sheet 'nothing'")


@claim
def a_sheet_with_a_slip_in_it_prices_nothing(place):
    place.spec()
    os.makedirs(place.path("tables", "prices"))
    with open(os.path.join(SOURCE, "data", "prices", "source-2026.yaml"), encoding="utf-8") as sheet:
        good = sheet.read()
    for old, new, word in [("unit: hour, round: unit", "unit: hours", "the unit of 'vm/Standard_D4s_v5'"),
                           ("round: unit}", "round: up}", "the round of 'vm/Standard_D4s_v5'"),
                           ("price: 0.384", "price: -1", "the price of 'vm/Standard_D8as_v6'"),
                           ("price: 0.384", "price: 1.2345678", "the price of 'vm/Standard_D8as_v6'"),
                           ("price: 0.384,", "price: 0.384, pirce: 1,", "what is said of 'vm/Standard_D8as_v6'"),
                           ("date: 2026-01-15", "date: lately", "date is wrong"), ("month_hours: 730", "", "month_hours"),
                           (good, "a: b\n", "name is wrong"), ("prices:\n", "price:\n", "prices is wrong")]:
        assert old in good, old
        place.write("tables/prices/source-2026.yaml", good.replace(old, new, 1))
        place.run("cost", "--data", "tables", "spec.yaml").fails(4, "price sheet 'source-2026'", word, "expected ")
    place.write("tables/prices/source-2026.yaml", good.replace("price: 0.384", "price: 0.768"))
    place.run("cost", "--data", "tables", "spec.yaml").works("2 x Standard_D8as_v6, 8 h x 22 days                  $270")


@claim
def a_spec_that_names_no_sheet_is_priced_by_one_of_its_cloud(place):
    for example, sheet in [("sovereign", "source-2026"), ("confidential-pmk", "list-2026")]:
        place.spec(example)
        text, count = re.subn(r"(?m)^  sheet: .*\n", "", place.read("spec.yaml"))
        assert count == 1, text
        place.write("spec.yaml", text)
        place.run("cost", "spec.yaml").works(f"sheet: {sheet}")
    place.run("cost", "--sheet", "source-2026", "spec.yaml").fails(5, "no price for", "('list-2026' has it)")


@claim
def with_an_amount_the_budget_needs_no_price(place):
    with_size(place, "Standard_D8as_v5", "  amount: 5000\n")
    for words in [["check"], ["plan"]]:
        assert "warning" not in place.run(*words, "spec.yaml").works().err
    assert place.up().works("price      unknown").status == 0
    (found,) = place.cloud("select count(*) from resource where id like '%/budgets/%'")
    assert found == (1,), found


@claim
def a_budget_that_stands_keeps_its_amount_when_its_price_is_unknown(place):
    with_size(place, "Standard_D8as_v6")
    place.up().works()
    with_size(place, "Standard_D32as_v6")
    told = place.run("plan", "spec.yaml").works()
    assert "warning: the budget keeps its amount" in told.err and "+ budget" not in told.out, told
    assert "~ budget" not in told.out and "- budget" not in told.out, told
    place.up(verb="destroy").works()
    (left,) = place.cloud("select count(*) from resource where id like '%/budgets/%'")
    assert left == (0,), "the budget was left behind"


@claim
def a_fault_that_cannot_strike_is_refused(place):
    place.spec()
    for fault, hint in [("extension:host=cui-03", "did you mean 'cui-01'?"),
                        ("extension:host=vm", "it has 'cui-01' to 'cui-02'"),
                        ("extension:name=GuestAtestation", "did you mean 'GuestAttestation'?"),
                        ("capacity:size=Standard_D8as_v66", "did you mean 'Standard_D8as_v6'?"),
                        ("image-build:step=vdot", "it has no step at all: leave the fault out"),
                        ("replication:region=westeurope", "it has no region at all")]:
        told = place.up("--fault", fault).fails(3, "can never strike", "hint: ")
        assert hint in told.err, told
        assert not place.has_state(), fault
    place.write("spec.yaml", place.read("spec.yaml").replace("[1, 2, 3]", "[1, 2]"))
    place.up("--fault", "capacity:zone=3").fails(3, "has no zone '3'")
    place.spec("confidential-pmk", name="pmk.yaml")
    place.up("--fault", "image-build:step=vdott", spec="pmk.yaml").fails(3, "did you mean 'vdot'?")
    place.up("--fault", "replication:region=westeuropa", spec="pmk.yaml").fails(3, "did you mean 'westeurope'?")


@claim
def a_fault_that_never_struck_is_told(place):
    place.spec()
    never, struck = "capacity:zone=2,kind=AllocationFailed", "throttle:times=2"
    told = place.up("--fault", never, "--fault", struck, "--fault", "crash:after=999999").works()
    assert f"warning: the fault '{never}' never struck\n  hint: " in told.err, told
    assert "'crash:after=999999' never struck" in told.err and struck not in told.err, told
    again = place.up("-o", "json", "--fault", "extension:host=cui-02", verb="apply").works()
    assert again.json()["faultsNotStruck"] == ["extension:host=cui-02"], again
    assert "warning: the fault 'extension:host=cui-02' never struck" in again.err, again


@claim
def faults_that_struck_are_not_told_to_have_missed(place):
    place.spec()
    for fault in ["capacity", "quota", "extension:host=CUI-02", "server-error:type=Microsoft.Network/virtualNetworks"]:
        told = place.up("--fault", fault)
        assert told.status != 0 and "never struck" not in told.err, told
    place.spec("confidential-cmk", name="cmk.yaml")
    for fault in ["release-policy", "image-build", "feature:name=DCav6Series", "replication"]:
        told = place.up("--fault", fault, "--state", place.path(fault[:5]), spec="cmk.yaml")
        assert told.status != 0 and "never struck" not in told.err, told


@claim
def a_size_that_no_machine_can_be_resized_to_is_refused_with_its_remedy(place):
    place.spec()
    place.up().works()
    before = place.read("spec.yaml")
    for size, word in [("Standard_D8as_v5", "NVMe disks"), ("Standard_D8ads_v6", "a local disk")]:
        place.write("spec.yaml", before.replace("Standard_D8as_v6", size))
        for verb in ["plan", "apply"]:
            told = place.run(verb, "spec.yaml").fails(4, "'cui-0", f"'Standard_D8as_v6' to '{size}' in place",
                                                      f"only one of them has {word}")
            assert "hint: Azure does not resize between them: keep 'Standard_D8as_v6'" in told.err, told
    # One of its kind is taken, and the cloud agrees.
    place.write("spec.yaml", before.replace("Standard_D8as_v6", "Standard_D16as_v6"))
    place.run("plan", "spec.yaml").works('"Standard_D8as_v6" -> "Standard_D16as_v6"')
    place.up(verb="apply").works()
    place.is_settled()


@claim
def man_pages_name_themselves_and_each_other(place):
    whole = place.run("help", "man").works(".TH REDOUBT 1 ").out
    for verb in VERBS:
        assert f".BR redoubt\\-{verb} (1)" in whole, verb
        place.run("help", "man", verb).works(f".TH REDOUBT\\-{verb.upper()} 1 ", ".BR redoubt (1)")


main(collect(globals()))
