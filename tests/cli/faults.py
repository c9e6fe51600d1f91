#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""faults.py PROGRAM SOURCE: every fault that can be asked for ends with an explained error and the
status of its class, and once it is gone the same command finishes."""
from tap import Place, claim, collect, main

KINDS = ["SkuNotAvailable", "ZonalAllocationFailed", "AllocationFailed",
         "OverconstrainedAllocationRequest", "OverconstrainedZonalAllocationRequest"]


def explained(result, status, code, *words):
    """What failed, Azure's code, what it means, where from, and the remedy."""
    result.fails(status, code, *words, "  meaning: ", "  known from: ", "  hint: ")
    assert "failed" in result.err, result


def heals(place, *faults, status, code, words=(), example="sovereign"):
    place.spec(example)
    struck = place.up(*[word for fault in faults for word in ("--fault", fault)])
    explained(struck, status, code, *words)
    place.up().works("stands on the embedded")
    place.is_settled()


def survives(place, *faults):
    place.spec()
    run = place.up("-o", "json", *[word for fault in faults for word in ("--fault", fault)])
    assert run.status == 0 and run.err == "", run
    place.is_settled()
    return run.json()["run"]


@claim
def no_room_in_a_zone_leaves_nothing_that_blocks_the_next_run(place):
    for kind in KINDS:
        heals(place, f"capacity:zone=1,kind={kind}", status=12, code=kind, example="confidential-pmk",
              words=["virtual machine 'conf-0", "to act: the provider"])
        place.up(verb="destroy").works()


@claim
def after_no_room_in_a_zone_another_zone_may_come_first(place):
    place.spec()
    explained(place.up("--fault", "capacity:zone=1,kind=ZonalAllocationFailed"), 12, "ZonalAllocationFailed")
    place.write("spec.yaml", place.read("spec.yaml").replace("[1, 2, 3]", "[2, 1, 3]"))
    place.up("--fault", "capacity:zone=1,kind=ZonalAllocationFailed").works()
    place.is_settled()
    zones = place.cloud("SELECT json_extract(text, '$.zones') FROM resource WHERE type LIKE '%virtualMachines'")
    assert len(zones) == 2 and set(zones) == {('["2"]',)}, zones


@claim
def no_room_in_the_region(place):
    heals(place, "capacity", status=12, code="SkuNotAvailable")


@claim
def no_quota_of_the_family_or_of_cores(place):
    heals(place, "quota", status=13, code="OperationNotAllowed",
          words=["Total Regional Cores", "to act: the owner of the subscription"])
    place.up(verb="destroy").works()
    heals(place, "quota:family=standardDCASv6Family", status=13, code="OperationNotAllowed",
          example="confidential-pmk")


@claim
def a_feature_that_is_not_registered(place):
    for state in ["Pending", "Unsupported"]:
        heals(place, f"feature:name=DCav6Series,state={state}", status=14, example="confidential-pmk",
              code="SubscriptionNotRegisteredForFeature", words=["DCav6Series"])
        place.up(verb="destroy").works()


@claim
def a_key_without_its_release_policy(place):
    heals(place, "release-policy", status=14, code="InvalidParameter", example="confidential-cmk",
          words=["no key release policy"])


@claim
def throttling_is_borne_in_silence_and_counted(place):
    run = survives(place, "throttle:times=9")
    assert run["throttled"] == 9 and run["retried"] >= 9, run


@claim
def server_errors_that_pass_are_borne_in_silence_and_counted(place):
    run = survives(place, "server-error:times=4,type=Microsoft.Network/virtualNetworks",
                   "server-error:times=3,method=PUT,type=Microsoft.Compute/virtualMachines,status=503")
    assert run["retried"] >= 7, run


@claim
def throttling_and_server_errors_without_end_are_told(place):
    place.spec()
    explained(place.up("--fault", "throttle"), 17, "SubscriptionRequestsThrottled")
    explained(place.up("--fault", "server-error"), 17, "InternalServerError")
    heals(place, "server-error:type=Microsoft.Network/virtualNetworks", status=17,
          code="InternalServerError", words=["virtual network 'vnet-"])


@claim
def an_extension_that_fails_names_its_machine(place):
    heals(place, "extension:name=GuestAttestation,host=cui-02", status=14,
          code="VMExtensionProvisioningError", words=["VM extension 'GuestAttestation' of 'cui-02'"])


@claim
def failures_of_one_kind_are_one_line(place):
    place.spec(hosts=9)
    struck = place.up("--fault", "extension:name=AADLoginForWindows")
    assert "failed: 9 x VM extension, VMExtensionProvisioningError" in struck.out, struck
    told = place.run("status", "spec.yaml").works()
    assert "VM extension   <- failed" in told.out, told


@claim
def an_image_that_cannot_be_built(place):
    heals(place, "image-build", status=14, code="ImageTemplateRunFailed", example="confidential-pmk",
          words=["customization.log", "to act: the author of the spec"])


@claim
def an_image_that_does_not_arrive_in_a_region(place):
    heals(place, "replication:region=westeurope", status=17, code="ProvisioningFailed",
          example="confidential-pmk", words=["West Europe: Replication failed"])


@claim
def a_crash_is_gone_on_from(place):
    place.spec()
    assert place.up("--fault", "crash:after=150").status == -9
    told = place.run("status", "spec.yaml").works()
    assert "killed" in told.out, told
    place.up().works()
    place.is_settled()


@claim
def a_fault_that_does_not_exist_touches_nothing(place):
    assert isinstance(place, Place)
    place.spec()
    for fault, word in [("capacty", "did you mean 'capacity'?"), ("capacity:zoen=1", "did you mean 'zone'?"),
                        ("capacity:kind=AllocationFaild", "did you mean 'AllocationFailed'?"),
                        ("capacity:zone=9", "is not a value of 'zone'"), ("server-error:status=200", "'200'"),
                        ("throttle:times=0", "1 to 1000000"), ("crash", "crash:after=100"), ("", "needs a value")]:
        place.up("--fault", fault).fails(3, word)
        assert not place.has_state(), fault


@claim
def a_fault_is_refused_where_it_can_never_strike(place):
    place.spec()
    for verb in ("up", "apply"):
        place.up("--fault", "token-life:seconds=20", verb=verb).fails(3, "'token-life' can never strike in a rehearsal", "cloud serve")
    assert not place.has_state()
    place.run("cloud", "serve", "--port", "0", "--fault", "crash:after=3", "spec.yaml").fails(
        3, "'crash' can never strike a served cloud", "redoubt up --fault crash:after=3")
    told = place.run("help", "faults").works().out
    blocks = {block.split()[0].split(":")[0]: " ".join(block.split()) for block in told.split("--fault ")[1:]}
    assert "strikes in served clouds only" in blocks.pop("token-life")
    assert "strikes in rehearsals only" in blocks.pop("crash")
    assert len(blocks) > 5 and all("strikes in rehearsals and in served clouds" in block for block in blocks.values()), blocks


main(collect(globals()))
