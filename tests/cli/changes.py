#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""changes.py PROGRAM SOURCE: a spec that changes: who has which desktop, disks that cannot shrink, what is
taken out of the spec and bears no tag, backups of hosts that go, and keys that come back."""
import os
import re
import shutil

from tap import Standing, claim, collect, main

STANDING = Standing()
IMAGES = Standing("confidential-pmk")
KEYS = Standing("confidential-cmk")
# Three hosts, and nobody but redoubt gives desktops out.
DIRECT = Standing(hosts=3, edit=lambda text: text.replace("assignment: automatic", "assignment: direct"))


def change(place, pattern, text):
    before = place.read("spec.yaml")
    after = re.sub(pattern, text, before, count=1)
    assert after != before, pattern
    place.write("spec.yaml", after)


def pin(place, pins):
    change(place, r"pins: (\[.*?\]|\{.*?\})", f"pins: {pins}")


def switch_off(place, section):
    change(place, rf"(?ms)^{section}:.*?\n(?=\w|\Z)", f"{section}:\n  enabled: false\n")


def users(place):
    rows = place.cloud("SELECT id, json_extract(text, '$.properties.assignedUser') FROM resource "
                       "WHERE type LIKE '%hostPools/sessionHosts' ORDER BY id")
    return [(id_.split("/")[-1], (user or "").split("@")[0]) for id_, user in rows]


def refuses(place, *words):
    """Plan and apply say the same, and nothing has changed afterwards."""
    before = place.cloud("SELECT id, text FROM resource ORDER BY id")
    for told in [place.run("plan", "spec.yaml"), place.up(verb="apply")]:
        told.fails(4, *words)
    assert place.cloud("SELECT id, text FROM resource ORDER BY id") == before


def is_there(place, like):
    return place.cloud("SELECT count(*) FROM resource WHERE id LIKE ?", like)[0][0] > 0


# Who has which desktop


@claim
def who_leaves_a_pool_with_direct_assignment_loses_the_desktop(place):
    DIRECT.copy(place)
    pin(place, "{cui-01: user01@contoso.us, cui-03: user03@contoso.us}")
    place.run("plan", "spec.yaml").works("user02@contoso.us loses the desktop cui-02", "0 to create, 1 to change")
    place.up(verb="apply").works("1 of 1 steps done")
    assert users(place) == [("cui-01", "user01"), ("cui-02", ""), ("cui-03", "user03")]
    place.is_settled()
    place.run("check", "spec.yaml").works("'cui-02' has no user yet")


@claim
def who_was_given_a_desktop_by_the_service_keeps_it_in_an_automatic_pool(place):
    STANDING.copy(place)
    pin(place, "[user01@contoso.us]")
    told = place.run("plan", "spec.yaml").works("no changes")
    assert "user02" not in told.out and "left alone" not in told.out, told


@claim
def two_users_swap_desktops_in_either_kind_of_pool(place):
    STANDING.copy(place)
    pin(place, "[user02@contoso.us, user01@contoso.us]")
    told = place.run("plan", "spec.yaml").works("user01@contoso.us loses the desktop cui-01 and gets cui-02",
                                                "user02@contoso.us loses the desktop cui-02 and gets cui-01")
    assert told.out.count("loses the desktop") == 2, told
    place.up(verb="apply").works("4 of 4 steps done")
    assert users(place) == [("cui-01", "user02"), ("cui-02", "user01")]
    place.is_settled()


@claim
def all_move_on_by_one_and_one_gets_nothing(place):
    DIRECT.copy(place)
    pin(place, "{cui-01: user02@contoso.us, cui-02: user03@contoso.us, cui-03: user01@contoso.us}")
    place.up(verb="apply").works("6 of 6 steps done")
    assert users(place) == [("cui-01", "user02"), ("cui-02", "user03"), ("cui-03", "user01")]
    pin(place, "{cui-02: user02@contoso.us, cui-03: user03@contoso.us}")
    place.up(verb="apply").works()
    assert users(place) == [("cui-01", ""), ("cui-02", "user02"), ("cui-03", "user03")]
    place.is_settled()


@claim
def a_user_moves_from_a_desktop_of_an_automatic_pool(place):
    STANDING.copy(place)
    pin(place, "{cui-02: user01@contoso.us}")
    place.run("plan", "spec.yaml").works("because: user01@contoso.us gets cui-02")
    place.up(verb="apply").works("2 of 2 steps done")
    assert users(place) == [("cui-01", ""), ("cui-02", "user01")]
    place.is_settled()


@claim
def a_user_moves_from_a_host_that_goes(place):
    STANDING.copy(place)
    change(place, "count: 2", "count: 1")
    pin(place, "[user02@contoso.us]")
    place.up(verb="apply").works()
    assert users(place) == [("cui-01", "user02")]
    place.is_settled()


@claim
def a_swap_that_is_killed_anywhere_is_finished_by_the_next_run(place):
    STANDING.copy(place)
    pin(place, "[user02@contoso.us, user01@contoso.us]")
    for after in range(1, 200):
        assert place.up("--fault", f"crash:after={after}", verb="apply").status == -9
        if users(place) != [("cui-01", "user01"), ("cui-02", "user02")]:
            break
    assert "" in dict(users(place)).values(), users(place)
    place.up(verb="apply").works()
    assert users(place) == [("cui-01", "user02"), ("cui-02", "user01")]
    place.is_settled()


@claim
def a_saved_plan_of_a_swap_runs(place):
    STANDING.copy(place)
    pin(place, "[user02@contoso.us, user01@contoso.us]")
    place.run("plan", "--save", "plan.json", "spec.yaml").works()
    place.up(spec="plan.json", verb="apply").works("4 of 4 steps done")
    place.is_settled()


# Disks


@claim
def a_disk_grows_in_place_and_is_refused_to_shrink_before_anything_is_done(place):
    STANDING.copy(place)
    change(place, "size_gb: 128", "size_gb: 256")
    place.run("plan", "spec.yaml").works("2 x virtual machine", "user01@contoso.us, user02@contoso.us: the desktop is "
                                         "stopped for\n      that, if it runs, and started again")
    place.up(verb="apply").works("6 of 6 steps done")
    assert powers(place) == [("running", 256)] * 2
    place.is_settled()
    change(place, "size_gb: 256", "size_gb: 128")
    change(place, "data-class: CUI", "data-class: ITAR")
    before = place.cloud("SELECT id, text FROM resource ORDER BY id")
    for told in [place.run("plan", "spec.yaml"), place.up(verb="apply")]:
        told.fails(4, "cannot become smaller: it is 256, the spec says 128 (hosts)", "Azure makes no disk smaller")
    assert place.cloud("SELECT id, text FROM resource ORDER BY id") == before


def powers(place):
    return place.cloud("SELECT json_extract(hidden, '$.power'), json_extract(text, '$.properties.storageProfile.osDisk."
                       "diskSizeGB') FROM resource WHERE type LIKE '%/virtualMachines' ORDER BY id")


def killed_anywhere(place):
    """Runs of the same change, each from the same beginning and killed a little later."""
    shutil.copytree(place.path(".redoubt"), place.path("before"))
    change(place, "size_gb: 128", "size_gb: 256")
    for after in range(1, 400):
        shutil.rmtree(place.path(".redoubt"))
        shutil.copytree(place.path("before"), place.path(".redoubt"))
        if place.up("--fault", f"crash:after={after}", verb="apply").status != -9:
            break
        yield after


@claim
def a_machine_that_was_deallocated_before_is_changed_and_stays_down(place):
    STANDING.copy(place)
    place.cloud("UPDATE resource SET hidden = json_set(hidden, '$.power', 'deallocated') "
                "WHERE id LIKE '%/virtualMachines/cui-01'")
    change(place, "size_gb: 128", "size_gb: 256")
    place.up(verb="apply").works("6 of 6 steps done")
    assert powers(place) == [("deallocated", 256), ("running", 256)]
    place.is_settled()


@claim
def encryption_of_the_host_is_switched_by_a_saved_plan_while_the_machines_are_down(place):
    STANDING.copy(place)
    change(place, "(?m)^hosts:", "hosts:\n  encryption_at_host: true")
    place.run("plan", "--save", "plan.json", "spec.yaml").works("properties.securityProfile.encryptionAtHost: false -> true",
                                                                "it runs, and started again")
    place.up(spec="plan.json", verb="apply").works("6 of 6 steps done")
    assert powers(place) == [("running", 128)] * 2
    place.is_settled()


@claim
def a_machine_runs_again_when_the_change_that_it_was_stopped_for_is_taken_back(place):
    STANDING.copy(place)
    for _ in killed_anywhere(place):
        if powers(place) == [("deallocated", 128)] * 2:
            break
    change(place, "size_gb: 256", "size_gb: 128")
    place.run("plan", "spec.yaml").works("because: a run stopped it for a change and did not start it again")
    place.up(verb="apply").works("2 of 2 steps done")
    assert powers(place) == [("running", 128)] * 2
    place.is_settled()


@claim
def a_machine_is_not_left_stopped_by_a_run_that_is_killed_anywhere(place):
    STANDING.copy(place)
    wanted = [("running", 256)] * 2
    seen = set()
    for after in killed_anywhere(place):
        (last,) = place.database("redoubt.db", "SELECT step, phase FROM entry ORDER BY run DESC, sequence DESC LIMIT 1")
        left = (*powers(place), last)
        if left in seen:
            continue
        seen.add(left)
        place.up(verb="apply").works()
        assert [(power.replace("starting", "running"), size) for power, size in powers(place)] == wanted, (after, left)
        place.is_settled()
    assert {("deallocated", 128), ("deallocated", 256)} <= {power for left in seen for power in left[:2]}, seen


# What bears no tag


@claim
def a_budget_that_left_the_spec_goes_unless_it_watches_another_enclave(place):
    STANDING.copy(place)
    switch_off(place, "budget")
    place.run("plan", "spec.yaml").works("- budget", "0 to create, 0 to change, 0 to replace, 1 to delete")
    place.database("redoubt.db", "DELETE FROM entry WHERE id LIKE '%/budgets/%'")
    place.run("plan", "spec.yaml").works("- budget")  # its filter proves it as well
    ((text,),) = place.cloud("SELECT text FROM resource WHERE type LIKE '%budgets'")
    place.cloud("UPDATE resource SET text = replace(text, '[\"contoso-cui\"]', '[\"contoso-cuix\"]') WHERE type LIKE '%budgets'")
    place.run("plan", "spec.yaml").works("no changes")
    place.cloud("UPDATE resource SET text = ? WHERE type LIKE '%budgets'", text)
    place.up(verb="apply").works("1 of 1 steps done")
    assert not is_there(place, "%/budgets/%")
    place.is_settled()


@claim
def diagnostic_settings_go_with_the_monitoring_and_others_stay(place):
    STANDING.copy(place)
    assert is_there(place, "%/diagnosticSettings/redoubt")
    switch_off(place, "monitoring")
    place.up(verb="apply").works()
    assert not is_there(place, "%/diagnosticSettings/%")
    place.is_settled()


@claim
def sentinel_is_taken_off_only_where_the_journal_says_that_redoubt_put_it_there(place):
    STANDING.copy(place)
    change(place, "sentinel: true", "sentinel: false")
    place.run("plan", "spec.yaml").works("- Sentinel onboarding")
    place.database("redoubt.db", "DELETE FROM entry WHERE id LIKE '%onboardingStates%'")
    told = place.run("plan", "spec.yaml").works("left alone", "Sentinel onboarding")
    assert "- Sentinel onboarding" not in told.out, told


@claim
def sentinel_goes_with_the_alert_rule_that_needs_it(place):
    STANDING.copy(place)
    change(place, "sentinel: true", "sentinel: false")
    place.up(verb="apply").works()
    assert not is_there(place, "%/onboardingStates/%")
    place.is_settled()


# Backups


@claim
def what_loses_recovery_points_says_so(place):
    for old, new in [("redundancy: LocallyRedundant", "redundancy: GeoRedundant"),
                     ("\nnetwork:\n", "\nnames: {backup_vault: rsv-other}\nnetwork:\n")]:
        place.empty()
        STANDING.copy(place)
        change(place, old, new)
        told = place.run("plan", "spec.yaml").works("Recovery Services vault rsv-contoso-cui")
        assert "affects: all recovery points in it are deleted" in " ".join(told.out.split()), told
        place.up(verb="apply").works()
        place.is_settled()


@claim
def a_host_that_goes_leaves_its_backups_behind(place):
    STANDING.copy(place)
    change(place, "count: 2", "count: 1")
    pin(place, "[user01@contoso.us]")
    place.run("plan", "--save", "plan.json", "spec.yaml").works('properties.protectionState: "IRPending" -> "ProtectionStopped"')
    place.up(spec="plan.json", verb="apply").works()
    ((state,),) = place.cloud("SELECT json_extract(text, '$.properties.protectionState') FROM resource "
                              "WHERE id LIKE '%protectedItems/%cui-02'")
    assert state == "ProtectionStopped"
    order = [row[0] for row in place.database(
        "redoubt.db", "SELECT step || ' ' || substr(id, -22) FROM entry WHERE run = 2 AND phase = 2 ORDER BY sequence")]
    stops = next(i for i, step in enumerate(order) if step.startswith("put retire"))
    goes = next(i for i, step in enumerate(order) if step.startswith("delete") and "Machines/cui-02" in step)
    assert stops < goes, order
    place.is_settled()
    place.run("plan", "spec.yaml").works("left alone", "its recovery points are kept")
    change(place, "count: 1", "count: 2")
    place.run("plan", "spec.yaml").works("it is taken up again")
    place.up(verb="apply").works()
    place.is_settled()
    ((state,),) = place.cloud("SELECT json_extract(text, '$.properties.protectionState') FROM resource "
                              "WHERE id LIKE '%protectedItems/%cui-02'")
    assert state != "ProtectionStopped"


# What cannot change in place, and what only seems so


@claim
def a_pool_changes_how_it_assigns_desktops_and_its_hosts_stay(place):
    STANDING.copy(place)
    change(place, "assignment: automatic", "assignment: direct")
    place.up(verb="apply").works("1 of 1 steps done")
    assert users(place) == [("cui-01", "user01"), ("cui-02", "user02")]
    place.is_settled()


@claim
def the_firewall_goes_along_with_a_policy_that_is_replaced(place):
    STANDING.copy(place)
    change(place, "tier: standard", "tier: premium")
    place.run("plan", "spec.yaml").works("its firewall policy is replaced", "no host reaches the internet")
    place.up(verb="apply").works()
    place.is_settled()


@claim
def hosts_come_from_the_next_version_of_the_image(place):
    place.spec("confidential-pmk")
    place.up().works()
    change(place, r"version: 1\.0\.0", "version: 1.0.1")
    place.run("plan", "spec.yaml").works("because: distribute[img-contoso-conf-1.0.1] and 1 more changed")
    place.up(verb="apply").works()
    assert is_there(place, "%/versions/1.0.1") and not is_there(place, "%/versions/1.0.0")
    place.is_settled()
    change(place, r"replicate_to: \[.*?\]", "replicate_to: [westeurope]")
    place.up(verb="apply").works()
    place.is_settled()


@claim
def an_image_is_built_again_only_under_a_new_number(place):
    IMAGES.copy(place)
    change(place, r"    - onedrive\n", "")
    refuses(place, "image template", "customize[onedrive] changed (spec: image)", "/versions/1.0.0",
            "give image.version a new number")
    change(place, r"version: 1\.0\.0", "version: 1.0.1")
    place.up(verb="apply").works()
    assert is_there(place, "%/versions/1.0.1") and not is_there(place, "%/versions/1.0.0")
    place.is_settled()


def pooled(place):
    change(place, "pool: personal", "pool: pooled")
    change(place, r"(?s)  pins: \[.*?\]\n", "")
    change(place, r"  assignment: automatic.*\n", "")


@claim
def a_pool_of_the_other_kind_is_refused_to_hosts_that_stand_and_made_for_new_ones(place):
    STANDING.copy(place)
    pooled(place)
    refuses(place, "host pool 'vdpool-contoso-cui' would be made anew", "do not register again: 'cui-01'",
            "change hosts.name_prefix", "all that users keep on their disks")
    change(place, "name_prefix: cui-", "name_prefix: shared-")
    place.run("plan", "spec.yaml").works("user01@contoso.us", "the desktop and its disk are gone")
    place.up(verb="apply").works()
    assert [host for host, _ in users(place)] == ["shared-01", "shared-02"]
    place.is_settled()


@claim
def a_range_with_hosts_in_it_is_kept(place):
    STANDING.copy(place)
    change(place, r"hosts_subnet: 10\.81\.0\.0/24", "hosts_subnet: 10.81.1.0/24")
    refuses(place, "'snet-hosts' of virtual network 'vnet-contoso-cui-hosts' cannot change while it is in use",
            "(spec: network)", "2 stand in it", "cui-01-nic", "keep the subnet's name and range")


@claim
def a_network_grows_around_its_hosts(place):
    STANDING.copy(place)
    change(place, r"spoke: 10\.81\.0\.0/22", "spoke: 10.81.0.0/21")
    place.up(verb="apply").works()
    place.is_settled()


@claim
def a_network_of_another_name_takes_hosts_that_are_made_anew(place):
    STANDING.copy(place)
    place.write("spec.yaml", place.read("spec.yaml") + "\nnames:\n  spoke: vnet-other\n")
    place.run("plan", "spec.yaml").works(
        "subnet.id:", "(replaces it)", "because: its network interface is replaced",
        "user01@contoso.us loses cui-01 for about", "what its user kept on its disk is gone")
    place.up(verb="apply").works()
    assert is_there(place, "%/virtualNetworks/vnet-other") and not is_there(place, "%/virtualNetworks/vnet-contoso-cui-hosts")
    place.is_settled()


@claim
def a_subnet_with_hosts_in_it_keeps_its_name(place):
    STANDING.copy(place)
    place.write("spec.yaml", place.read("spec.yaml") + "\nnames:\n  hosts_subnet: snet-other\n")
    place.run("plan", "spec.yaml").fails(4, "cannot change while it is in use")


# Names


@claim
def what_only_one_may_have_goes_over_to_another_name(place):
    for names in ["firewall: afw-other", "workspace: vdws-other", "backup_vault: rsv-other",
                  "application_group: vdag-other\n  workspace: vdws-new"]:
        place.empty()
        STANDING.copy(place)
        place.write("spec.yaml", place.read("spec.yaml") + f"\nnames:\n  {names}\n")
        place.up(verb="apply").works()
        place.is_settled()


@claim
def a_new_name_for_the_vault_says_that_recovery_points_are_lost(place):
    STANDING.copy(place)
    place.write("spec.yaml", place.read("spec.yaml") + "\nnames:\n  backup_vault: rsv-other\n")
    told = place.run("plan", "spec.yaml").works("- Recovery Services vault rsv-contoso-cui")
    text = " ".join(told.out.split())
    assert "all recovery points in it are deleted at once and for good" in text, told
    assert "the host's recovery points are deleted at once and for good, with their vault" in text, told
    assert "soft-delete time" not in text, told
    place.up(verb="apply").works()
    assert is_there(place, "%/rsv-other/%/protectedItems/%")
    assert not is_there(place, "%/rsv-contoso-cui%"), "soft delete has kept something that the plan gave up"


@claim
def a_definition_gives_its_identifier_to_another_name(place):
    IMAGES.copy(place)
    place.write("spec.yaml", place.read("spec.yaml") + "\nnames:\n  image_definition: other\n")
    place.up(verb="apply").works()
    place.is_settled()


@claim
def a_name_that_cannot_go_over_is_refused(place):
    for names, *words in [
            ("application_group: vdag-other", "workspace 'vdws-contoso-cui' names the old one",
             "give the workspace a new name as well"),
            ("peering_to_hub: other", "network peering 'other' cannot take the place of 'peer-hosts-to-hub'",
             "keep the peering's name"),
            ("hosts_subnet: other", "it would go (spec: network), and 2 stand in it"),
            ("host_pool: other", "its hosts stand and do not register again")]:
        place.empty()
        STANDING.copy(place)
        place.write("spec.yaml", place.read("spec.yaml") + f"\nnames:\n  {names}\n")
        refuses(place, *words)



# What a plan does not look at


@claim
def an_enclave_left_under_its_former_name_is_told(place):
    STANDING.copy(place)
    place.up(verb="apply").works()  # its state knows its spec from here on
    change(place, "enclave: contoso-cui", "enclave: contoso-new")
    told = place.run("plan", "spec.yaml").works("0 to delete")
    assert "warning: the enclave 'contoso-cui', which 'spec.yaml' described before, still stands" in told.err, told
    change(place, "enclave: contoso-new", "enclave: contoso-cui")
    assert "warning" not in place.run("plan", "spec.yaml").err
    place.run("destroy", "--yes", "-q", "--clock", "virtual", "spec.yaml").works()
    change(place, "enclave: contoso-cui", "enclave: contoso-new")
    assert "warning" not in place.run("plan", "spec.yaml").err


@claim
def two_specs_in_one_folder_know_nothing_of_each_other(place):
    STANDING.copy(place)
    place.up(verb="apply").works()
    place.write("other.yaml", place.read("spec.yaml").replace("enclave: contoso-cui", "enclave: contoso-new"))
    assert "warning" not in place.run("plan", "other.yaml").works().err


@claim
def what_stands_in_a_former_subscription_is_told_and_can_be_destroyed(place):
    STANDING.copy(place)
    change(place, "subscription: 2222", "subscription: 7777")
    told = place.up(verb="apply").works()
    assert "resourceGroups/rg-contoso-cui-hosts' is of an earlier spec" in told.err, told
    assert "'redoubt destroy' takes it down" in told.err, told
    change(place, "subscription: 7777", "subscription: 2222")
    place.run("destroy", "--yes", "-q", "--clock", "virtual", "spec.yaml").works()
    change(place, "subscription: 2222", "subscription: 7777")
    place.is_settled()
    assert "warning" not in place.run("plan", "spec.yaml").err


def own_name(place, role, name):
    place.write("spec.yaml", place.read("spec.yaml") + f"\nnames:\n  {role}: {name}\n")


@claim
def a_group_of_hosts_under_a_former_name_goes_with_all_that_is_the_enclaves(place):
    STANDING.copy(place)
    own_name(place, "hosts_group", "rg-other")
    told = place.run("plan", "--save", "plan.json", "spec.yaml").works(
        "- resource group rg-contoso-cui-hosts", "+ resource group rg-other", "user01@contoso.us loses cui-01",
        "its virtual machine goes, and another one of that name comes")
    assert "warning" not in told.err, told
    place.up(spec="plan.json", verb="apply").works()
    assert not is_there(place, "%/resourceGroups/rg-contoso-cui-hosts%")
    assert users(place) == [("cui-01", "user01"), ("cui-02", "user02")]
    place.is_settled()
    order = [row[0] for row in place.database(
        "redoubt.db", "SELECT step || ' ' || id FROM entry WHERE run = 2 AND phase = 2 ORDER BY sequence")]
    gone, made = [next(i for i, row in enumerate(order) if row.startswith(step) and row.endswith(f"{group}/providers/"
                  "Microsoft.Compute/virtualMachines/cui-01")) for step, group in
                  [("delete", "rg-contoso-cui-hosts"), ("put", "rg-other")]]
    assert gone < made, order


@claim
def a_group_under_a_former_name_keeps_what_is_not_the_enclaves(place):
    STANDING.copy(place)
    own_name(place, "network_group", "rg-other")
    place.cloud("UPDATE resource SET text = json_remove(text, '$.tags') WHERE type LIKE '%publicIPAddresses'")
    told = place.run("plan", "spec.yaml").works("left alone")
    assert "it holds what is not redoubt's to delete" in " ".join(told.out.split()), told
    place.up(verb="apply").works()
    assert is_there(place, "%/rg-contoso-cui-network/%/publicIPAddresses/%")
    assert not is_there(place, "%/rg-contoso-cui-network/%/virtualNetworks/%")
    assert not is_there(place, "%/rg-contoso-cui-network/%/azureFirewalls/%")
    told = place.run("plan", "--detailed-exitcode", "spec.yaml").works("no changes", "left alone")
    assert "pip-contoso-cui-firewall" in told.out, told


@claim
def a_group_under_a_former_name_that_nobody_marked_is_not_looked_at(place):
    STANDING.copy(place)
    own_name(place, "hosts_group", "rg-other")
    place.cloud("UPDATE resource SET text = json_remove(text, '$.tags') WHERE id LIKE '%/resourceGroups/rg-contoso-cui-hosts'")
    told = place.run("plan", "spec.yaml").works("0 to delete")
    assert "rg-contoso-cui-hosts" not in told.out, told


@claim
def a_move_to_another_group_that_is_killed_anywhere_is_finished_by_the_next_run(place):
    STANDING.copy(place)
    own_name(place, "hosts_group", "rg-other")
    for after in range(60, 1000, 60):
        if place.up("--fault", f"crash:after={after}", verb="apply").status != -9:
            break
    place.up(verb="apply").works()
    place.is_settled()
    assert not is_there(place, "%/resourceGroups/rg-contoso-cui-hosts%")


@claim
def images_that_are_not_built_any_more_go_with_their_group(place):
    IMAGES.copy(place)
    change(place, r"(?ms)^image:.*?\n(?=\w)", "image:\n  mode: marketplace\n\n")
    change(place, r"(?m)^  images_principal.*\n", "")
    with_both = place.read("spec.yaml")
    change(place, r"(?m)^images_subscription.*\n", "")
    told = place.run("plan", "spec.yaml").works("0 to delete")
    assert "is of an earlier spec of this enclave and may still stand" in told.err, told
    assert "name its subscription in the spec again" in told.err, told
    place.write("spec.yaml", with_both)
    told = place.up(verb="apply").works("- image gallery", "- resource group rg-contoso-conf-images")
    assert "warning" not in told.err, told
    change(place, r"(?m)^images_subscription.*\n", "")
    assert "warning" not in place.run("plan", "spec.yaml").works("no changes").err
    place.is_settled()


@claim
def an_interface_goes_to_another_network_only_with_its_machine(place):
    STANDING.copy(place)
    own_name(place, "spoke", "other")
    place.run("plan", "spec.yaml").works("-/+ 2 x network interface", "because: its network interface is replaced",
                                         "what its user kept on its disk is gone")
    place.up(verb="apply").works()
    place.is_settled()


@claim
def a_firewall_goes_to_another_network_by_being_made_anew(place):
    STANDING.copy(place)
    own_name(place, "hub", "other")
    place.run("plan", "spec.yaml").works("-/+ Azure Firewall", "no host reaches the internet")
    place.up(verb="apply").works()
    place.is_settled()


# What runs out


@claim
def a_host_that_comes_later_than_the_pools_token_lives_registers(place):
    STANDING.copy(place)
    place.cloud("UPDATE clock SET now_ms = now_ms + 40 * 86400000")
    place.is_settled()
    change(place, "count: 2", "count: 3")
    pin(place, "[user01@contoso.us, user02@contoso.us, cleo@contoso.us]")
    place.run("plan", "spec.yaml").works("~ host pool", "because: hosts register with a new token")
    place.up(verb="apply").works()
    assert users(place)[2] == ("cui-03", "cleo"), users(place)
    place.is_settled()


@claim
def whose_agent_is_set_up_anew_keeps_the_desktop(place):
    STANDING.copy(place)
    pin(place, "[user01@contoso.us]")  # the other was given by the service, as far as the spec says
    place.cloud("DELETE FROM resource WHERE id LIKE '%/virtualMachines/cui-02/extensions/Microsoft.PowerShell.DSC'")
    told = place.run("plan", "spec.yaml").works("+ VM extension Microsoft.PowerShell.DSC on cui-02")
    assert "session host" not in told.out.replace("session hosts\n", ""), told
    place.up(verb="apply").works()
    assert users(place) == [("cui-01", "user01"), ("cui-02", "user02")]
    place.run("plan", "spec.yaml").works("no changes")
    # Nor is it lost while somebody's deletion is under way.
    place.cloud("UPDATE resource SET text = json_set(text, '$.properties.provisioningState', 'Deleting') "
                "WHERE id LIKE '%/virtualMachines/cui-02/extensions/Microsoft.PowerShell.DSC'")
    told = place.run("plan", "spec.yaml").works("-/+ VM extension Microsoft.PowerShell.DSC on cui-02")
    assert "loses" not in told.out and "-/+ session host" not in told.out, told


# What is there already


def beside_another(place, edit):
    """A second enclave's spec and, as its cloud, a copy of the one in which the first stands."""
    STANDING.copy(place)
    text = place.read("spec.yaml").replace("enclave: contoso-cui", "enclave: contoso-two").replace("cui-", "two-")
    place.write("two.yaml", edit(text))
    os.makedirs(place.path(".redoubt", "contoso-two"))
    shutil.copy(place.path(".redoubt", "contoso-cui", "cloud.db"), place.path(".redoubt", "contoso-two"))
    return "two.yaml"


@claim
def a_subnet_that_is_there_already_is_used_and_left(place):
    (subnet,) = ["/subscriptions/22222222-3333-4444-5555-666666666666/resourceGroups/rg-contoso-cui-network/providers/"
                 "Microsoft.Network/virtualNetworks/vnet-contoso-cui-hosts/subnets/snet-hosts"]
    spec = beside_another(place, lambda text: re.sub(r"(?ms)^network:.*?\n(?=\w)",
                                                     f"network:\n  existing_subnet: {subnet}\n\n", text))
    place.up(verb="apply", spec=spec).works("virtual machine two-01")
    place.is_settled(spec)
    place.up(verb="destroy", spec=spec).works("subnet snet-hosts on vnet-contoso-cui-hosts: the spec only refers to it")
    place.write(spec, place.read(spec).replace("snet-hosts", "snet-none"))
    told = place.run("plan", spec).fails(4, "subnet 'snet-none' is not there", "hint: on the embedded cloud it is made with az")
    assert "redoubt cloud serve" in told.err, told


@claim
def what_somebody_has_to_put_into_a_vault_is_told_before_it_is_missed(place):
    place.spec()
    change(place, "join: entra", "join: domain\n  domain: {name: corp.contoso.us, user: joiner@corp.contoso.us}")
    change(place, "intune: true", "intune: false")
    words = "warning: secret 'domain-join-password' has to be put into 'kv-contoso-cui-"
    told = place.run("plan", "spec.yaml").works()
    assert words in told.err and "redoubt cloud serve" in told.err, told
    place.up(verb="apply").fails(5, "domain-join-password", words, "az keyvault secret set")
    place.run("plan", "spec.yaml").fails(4, "secret 'domain-join-password' is not there", "redoubt cloud serve")


# What a killed run was deleting


@claim
def a_policy_waits_for_a_firewall_that_a_killed_run_was_deleting(place):
    STANDING.copy(place)
    change(place, "tier: standard", "tier: premium")
    state = "SELECT count(*) FROM resource WHERE type LIKE '%azureFirewalls' AND text LIKE '%\"Deleting\"%'"
    for after in range(60, 400):
        assert place.up("--fault", f"crash:after={after}", verb="apply").status == -9
        if place.cloud(state)[0][0] > 0:
            break
    place.run("plan", "spec.yaml").works("it is being deleted")
    place.up(verb="apply").works()
    place.is_settled()


# Keys


@claim
def a_key_keeps_its_size_and_another_one_has_another(place):
    KEYS.copy(place)
    change(place, "size: 3072", "size: 4096")
    refuses(place, "'key_size' of HSM key 'cmk-desktops' cannot change: it is 3072, the spec says 4096 (spec: keys)",
            "keep 3072, or give it another name")
    change(place, "key: cmk-desktops", "key: cmk-desktops-4096")
    place.up(verb="apply").works()
    place.is_settled()


@claim
def keys_of_the_customer_come_back_after_those_of_the_platform(place):
    place.spec("confidential-cmk")
    customer = place.read("spec.yaml")
    platform = re.sub(r"(?ms)^keys:.*?\n(?=\w)", "keys:\n  mode: platform\n\n", customer)
    for text in [customer, platform, customer]:
        place.write("spec.yaml", text)
        place.up(verb="apply").works()
        place.is_settled()


main(collect(globals()))
