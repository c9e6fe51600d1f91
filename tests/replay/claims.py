#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""claims.py PROGRAM SOURCE: the comparison itself. Each kind of difference is found, each form that is
drawn anew is none, and nothing that a recording lacks is held against an answer."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from accepted import Accepted  # pylint: disable=wrong-import-position
import cassette  # pylint: disable=wrong-import-position
import compare  # pylint: disable=wrong-import-position
from tap import claim, collect, main  # pylint: disable=wrong-import-position

GUIDS = "aed9daa8-6e5c-4916-8902-e506edfc9a3b", "11111111-2222-3333-4444-555555555555"


def found(recorded, served, cut=()):
    return [(d.at, d.what) for d in compare.compare_value("b", recorded, served, cut)]


def answers(recorded, status=200, headers=None, text=b"{}", **more):
    whole = {"status": 200, "headers": {}, "body": {}, **recorded}
    return [(d.at, d.what) for d in compare.compare_answers(whole, status, headers or {}, text, **more)]


@claim
def what_is_alike_has_no_difference(_):
    value = {"a": [1, 2.5, True, None, "x"], "b": {"c": "d"}}
    assert found(value, value) == []


@claim
def members_that_lack_or_are_too_many_are_named(_):
    assert found({"a": 1}, {"b": 1}) == [("b.a", "absent"), ("b.b", "unexpected")]
    assert found({"a": {"tags": {}}}, {"a": {"Tags": {}}}) == [("b.a.tags", "absent"), ("b.a.Tags", "unexpected")]


@claim
def null_is_neither_absent_nor_empty(_):
    assert found({"a": None}, {}) == [("b.a", "absent")]
    assert found({"a": None}, {"a": ""}) == [("b.a", "type")]
    assert found({"a": "x"}, {"a": None}) == [("b.a", "type")]


@claim
def types_casing_and_values_count(_):
    assert found("30", 30) == [("b", "type")]
    assert found(True, 1) == [("b", "type")]
    assert found("Premium", "premium") == [("b", "case")]
    assert found("Premium", "Standard") == [("b", "value")]
    assert found(30, 31) == [("b", "value")]
    assert found("(Europe) West Europe", "(Europe) North Europe") == [("b", "value")]


@claim
def the_order_of_members_counts_among_those_that_both_have(_):
    assert found({"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 3}) == [("b.b", "absent")]
    assert found({"a": 1, "b": 2}, {"b": 2, "a": 1}) == [("b", "order")]


@claim
def what_is_drawn_anew_counts_by_its_form(_):
    alike = [GUIDS, ("3b5ad2ac1dc70e383eacec1300cf1b76", "c1cb7f01ef4c0becac39339ca85ac21f"), (1649514983, 1790000000),
             ("2025-02-26T07:45:37.114Z", "2026-11-22T00:00:00.001Z"),
             ("2025-02-26T07:46:22.6813515+00:00", "2023-12-28T07:56:21.205674+00:00"),
             ("ZNsZbgsj9GAswMdkxyXgCMw14_IxczddmEcthvIQlSs", "7DfogIUpcgEfC88Sso68MZCXsomkCT87Tls_Bntwewk"),
             tuple(f"/subscriptions/x/roleAssignments/{guid}" for guid in GUIDS)]
    for recorded, served in alike:
        assert found(recorded, served) == [], (recorded, served)
    other = [(GUIDS[0], GUIDS[1].upper().replace("1", "A")), (GUIDS[0], "x"), ("2025-02-26T07:45:37.114Z", "2025-02-26T07:45:37Z"),
             ("2025-02-26T07:46:22.6813515+00:00", "2025-02-26T07:46:22.6813515Z")]
    for recorded, served in other:
        assert found(recorded, served) == [("b", "form")], (recorded, served)
    assert found(1649514983, 7) == [("b", "value")]


@claim
def lists_count_item_by_item(_):
    assert found([1, 2], [1]) == [("b", "count")]
    assert found([1], [1, 2]) == [("b", "count")]
    assert found([1, {"a": "x"}], [1, {"a": "y"}]) == [("b.1.a", "value")]


@claim
def what_the_recording_cut_is_not_compared(_):
    assert found({"a": "(cut)", "b": "<as above>", "c": "..."}, {"a": 1, "b": None, "c": []}) == []
    assert found(["x", "... more follow"], ["x", "y", "z"]) == []
    assert found(["x", "... more follow"], ["y"]) == [("b.0", "value")]


@claim
def of_a_list_that_was_cut_each_recorded_item_is_looked_for_by_name(_):
    served = [{"name": "b", "v": 1}, {"name": "a", "v": 2}]
    assert found([{"name": "a", "v": 2}], served, ("b",)) == []
    assert found([{"name": "a", "v": 3}], served, ("b",)) == [("b.0.v", "value")]
    assert found([{"name": "c"}], served, ("b",)) == [("b.0", "type")]


@claim
def a_status_counts_and_a_refusal_is_one_difference(_):
    assert answers({}, status=201) == [("status", "value")]
    assert answers({"body": {"a": 1}}, status=400, text=b'{"error": {"code": "X"}}') == [("status", "refused")]
    assert answers({"status": None}, status=404, text=b"") == [("status", "refused")]
    assert answers({"status": 401, "body": {"error": {"code": "A"}}}, status=401, text=b'{"error": {"code": "B"}}') == \
        [("body.error.code", "value")]


@claim
def headers_count_by_presence_and_form(_):
    limit = {"x-ms-ratelimit": "Microsoft.Compute/Get3Min;14992"}
    assert answers({"headers": limit}, headers={"x-ms-ratelimit": "Microsoft.Compute/Get3Min;7"}) == []
    assert answers({"headers": limit}, headers={"x-ms-ratelimit": "Microsoft.Compute/Get30Min;7"}) == [("header x-ms-ratelimit", "value")]
    assert answers({"headers": limit}) == [("header x-ms-ratelimit", "absent")]
    assert answers({"headers": {"content-length": "12"}}, headers={"content-length": "13"}) == [("header content-length", "value")]
    assert answers({}, headers={"location": "https://x/y"}) == [("header location", "unexpected")]
    assert answers({}, headers={"date": "now"}) == []


@claim
def poll_urls_count_by_host_path_and_parameters(_):
    url = f"https://h/L/DiskOperations/{GUIDS[0]}?p={GUIDS[0]}&api-version=2023-04-02&t=638761527828471505&c=..."
    good = f"https://h/L/DiskOperations/{GUIDS[1]}?p={GUIDS[1]}&api-version=2023-04-02&t=639000000000000000&c=abc"
    at = "header azure-asyncoperation"

    def judged(served):
        return answers({"headers": {"azure-asyncoperation": url}}, headers={"azure-asyncoperation": served})
    assert judged(good) == []
    assert judged(good.replace("https://h", "http://h")) == [(f"{at} host", "value")]
    assert judged(good.replace("DiskOperations", "operations")) == [(f"{at} path", "value")]
    assert judged(good.replace("2023-04-02", "2023-04-03")) == [(f"{at} query api-version", "value")]
    assert judged(good.replace("&c=abc", "")) == [(f"{at} query", "value")]
    assert judged(good.replace("p=" + GUIDS[1] + "&", "") + "&p=" + GUIDS[1]) == [(f"{at} query", "order")]


@claim
def how_json_is_written_counts(_):
    texts = {"compact": b'{"a":[1,{}]}', "crlf": b'{\r\n  "a": [\r\n    1,\r\n    {}\r\n  ]\r\n}', "lf": b'{\n "a": [\n  1,\n  {}\n ]\n}'}
    for style in texts:
        for written, text in texts.items():
            expected = [] if style == written else [("body", "style")]
            assert answers({"body": {"a": [1, {}]}}, text=text, style=style) == expected, (style, written)
            assert answers({"body": "(cut)"}, text=text, style=style) == expected, (style, written)


@claim
def an_empty_body_is_empty_and_a_broken_one_is_none(_):
    assert answers({"body": ""}, text=b"") == []
    assert answers({"body": ""}, text=b"{}") == [("body", "unexpected")]
    assert answers({"body": {"a": 1}}, text=b"<html>") == [("body", "type")]
    assert answers({"body": {"a": 1}}, text=b"") == [("body", "type")]


ROW = {"recording": "r", "exchanges": [1, 2], "at": "body.a.*", "what": "value", "served": '"x"', "reason": "it is drawn from a hat each time"}


@claim
def only_what_a_row_says_is_accepted(_):
    difference = compare.Difference("body.a.b", "value", '"y"', '"x"')
    assert Accepted([ROW]).find("r", 1, difference) == ROW
    for recording, exchange, other in (("s", 1, difference), ("r", 3, difference), ("r", 1, difference._replace(at="body.b")),
                                       ("r", 1, difference._replace(what="case")), ("r", 1, difference._replace(served='"z"'))):
        assert Accepted([ROW]).find(recording, exchange, other) is None, (recording, exchange, other)


@claim
def a_row_that_an_exchange_does_not_need_is_told(_):
    accepted = Accepted([ROW])
    assert len(list(accepted.unused())) == 1
    accepted.find("r", 1, compare.Difference("body.a.b", "value", "", '"x"'))
    assert [line.rsplit(" ", 1)[1] for line in accepted.unused()] == ["2"]
    accepted.find("r", 2, compare.Difference("body.a.c", "value", "", '"x"'))
    assert not list(accepted.unused())


@claim
def a_row_must_have_its_reason(_):
    assert not list(Accepted([ROW]).problems())
    for wrong in ({"reason": "because"}, {"exchanges": []}, {"color": "red"}):
        assert len(list(Accepted([{**ROW, **wrong}]).problems())) == 1, wrong
    assert len(list(Accepted([{name: ROW[name] for name in ROW if name != "at"}]).problems())) == 1


@claim
def hosts_and_ids_of_the_recorded_world_become_those_of_the_served_one(_):
    words = {cassette.RECORDED_SUBSCRIPTION: "S"}
    for recorded, served in (
            (f"https://management.azure.com/subscriptions/{cassette.RECORDED_SUBSCRIPTION}/x", "https://localhost:1/subscriptions/S/x"),
            ('authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net"',
             'authorization="https://localhost:1/t", resource="https://vault.localhost:1"'),
            ("https://kv-1.vault.azure.net/keys", "https://kv-1.vault.localhost:1/keys"),
            ("https://h.managedhsm.azure.net", "https://h.managedhsm.localhost:1"),
            ("https://sharedeus.eus.attest.azure.net/", "https://sharedeus.eus.attest.azure.net/")):
        assert cassette.to_served(recorded, 1, words) == served, recorded


main(collect(globals()))
