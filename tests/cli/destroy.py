#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""destroy.py PROGRAM SOURCE: what is provably the enclave's own goes, nothing else, and what comes
back afterwards is whole."""
import json

from tap import claim, collect, main

# (type, old, new): a resource of the enclave, and the name under which a foreign one is put there.
FOREIGN = [("%/networkSecurityGroups", "/nsg-", "/foreign-"), ("%/actionGroups", "/ag-", "/foreign-")]


def put_foreign(place, tags=None):
    """Copies resources under other ids, without the enclave's tag, as somebody else would make them."""
    ids = []
    for kind, old, new in FOREIGN:
        ((id_, type_, text, hidden),) = place.cloud("SELECT id, type, text, hidden FROM resource WHERE type LIKE ?",
                                                    kind)
        body = {**json.loads(text), "tags": tags or {}}
        ((seq,),) = place.cloud("SELECT next_seq FROM clock")
        place.cloud("INSERT INTO resource VALUES (?, ?, ?, ?, ?, 0, 0, 1, 1)", seq, id_.replace(old, new), type_,
                    json.dumps(body), hidden)
        place.cloud("UPDATE clock SET next_seq = ?", seq + 1)
        ids.append(id_.replace(old, new))
    return ids


def bodies(place, ids):
    return [place.cloud("SELECT text FROM resource WHERE id = ?", id_) for id_ in ids]


def spares(place, tags, *words):
    place.spec()
    place.up().works()
    ids = put_foreign(place, tags)
    before = bodies(place, ids)
    told = place.run("plan", "spec.yaml").works("left alone")
    for word in words:
        assert word in " ".join(told.out.split()), told
    for _ in range(3):
        place.up(verb="destroy").works("left alone")
        assert bodies(place, ids) == before and all(before)
    left = {id_.split("/")[4] for (id_,) in place.cloud("SELECT id FROM resource WHERE type LIKE '%resourceGroups'")}
    assert left == {"rg-contoso-cui", "rg-contoso-cui-network"}, left
    place.up().works()
    assert bodies(place, ids) == before


@claim
def what_bears_no_tag_is_spared(place):
    spares(place, None, "action group foreign-contoso-cui: not in the spec")


@claim
def what_belongs_to_another_enclave_is_spared(place):
    spares(place, {"redoubt-enclave": "contoso-cui2"}, "it belongs to the enclave 'contoso-cui2'")


@claim
def a_second_destroy_has_nothing_to_do(place):
    for example in ["sovereign", "confidential-cmk"]:
        place.spec(example)
        place.up().works()
        place.up(verb="destroy").works()
        again = place.up(verb="destroy").works()
        assert again.out.startswith("nothing of enclave 'contoso-"), again


def comes_back(place, example, kept):
    place.spec(example)
    for _ in range(2):
        place.up().works("stands on the embedded")
        place.is_settled()
        place.up(verb="destroy").works()
        assert place.cloud("SELECT count(*) FROM resource WHERE id LIKE ?", f"%/{kept}/%") == [(1,)]
    place.up().works()
    place.is_settled()


@claim
def a_soft_deleted_vault_comes_back(place):
    comes_back(place, "sovereign", "deletedVaults")


@claim
def a_soft_deleted_hsm_comes_back_and_its_key_serves(place):
    comes_back(place, "confidential-cmk", "deletedManagedHSMs")


@claim
def a_destroy_that_was_cut_short_is_gone_on_with(place):
    place.spec()
    place.up().works()
    assert place.up("--fault", "crash:after=120", verb="destroy").status == -9
    place.up(verb="destroy").works()
    place.up(verb="destroy").works("nothing of enclave")
    place.up().works()
    place.is_settled()


@claim
def a_host_that_leaves_the_spec_takes_its_parts_along(place):
    place.spec(hosts=3)
    place.up().works()
    place.spec(hosts=2)
    place.up(verb="apply").works("virtual machine cui-03")
    gone = place.cloud("SELECT id FROM resource WHERE id LIKE '%/virtualMachines/cui-03%' OR id LIKE '%cui-03-nic'"
                       " OR id LIKE '%/sessionHosts/cui-03%' OR id LIKE '%/disks/cui-03%'")
    assert gone == [], gone
    assert place.run("plan", "--detailed-exitcode", "spec.yaml").status == 0


main(collect(globals()))
