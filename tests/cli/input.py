#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""input.py PROGRAM SOURCE: bad specs and bad command lines get one clear message, a documented
status, and leave no trace."""
import json
import os

from tap import claim, collect, main

BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in range(ord("b"), ord("k")))


def refused(place, content, status, *words):
    place.write("bad.yaml", content)
    for verb in ["check", "plan", "cost", "status", "audit", "report", "destroy", "up", "apply"]:
        place.run(verb, "bad.yaml").fails(status, *words)
    assert not place.has_state()


@claim
def an_empty_spec(place):
    refused(place, b"", 4, "bad.yaml:1:1: there is no spec in this file", "redoubt init")
    refused(place, b"# only words\n\n", 4, "there is no spec in this file")


@claim
def a_truncated_spec(place):
    whole = place.read(place.spec()).encode()
    for size in range(150, len(whole) - 200, 97):
        place.write("bad.yaml", whole[:size])
        told = place.run("check", "bad.yaml")
        assert told.status in (0, 4, 6) and "Assertion" not in told.err, (size, told)
        assert told.status != 4 or "bad.yaml:" in told.err, (size, told)


@claim
def a_binary_spec(place):
    refused(place, bytes(range(256)) * 20, 4, "bad.yaml")
    refused(place, b"\x7fELF\0\0\0\0" + bytes(4000), 4, "binary")


@claim
def a_spec_of_100_mb(place):
    with open(place.path("bad.yaml"), "wb") as big:
        big.truncate(100 << 20)
    for verb in ["check", "plan", "up", "apply"]:
        place.run(verb, "bad.yaml").fails(21, "larger than 4194304 bytes")


@claim
def a_spec_that_multiplies_itself(place):
    refused(place, BOMB, 4, "anchors")


@claim
def text_that_is_not_utf_8(place):
    refused(place, b'enclave: "\xff\xfe"\n', 4, "bad.yaml:1:11", "UTF-8")
    refused(place, b"\xff\xfee\0n\0c\0l\0a\0v\0e\0", 4, "bad.yaml")


@claim
def text_of_other_editors_is_read_or_told_apart(place):
    good = place.read(place.spec())
    for spec in ["\ufeff" + good, good.replace("\n", "\r\n"), "---\n" + good + "...\n"]:
        place.write("other.yaml", spec.encode())
        place.run("check", "other.yaml").works()
    for encoding, mark in [("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")]:
        refused(place, mark + good.encode(encoding), 4, "bad.yaml:1:1: this file is in UTF-16: expected UTF-8", "save it as")
    refused(place, good.replace("  count: 2", "\tcount: 2").encode(), 4, "bad.yaml:25:1: tab")
    refused(place, ("a: " + "[" * 5000).encode(), 21, "nested deeper than 32 levels")


@claim
def a_word_without_end_leaves_room_for_what_is_wrong(place):
    good = place.read(place.spec())
    place.write("bad.yaml", good.replace("data-class: CUI", "y" * 1000000 + ": CUI"))
    told = place.run("check", "bad.yaml").fails(4, "bad.yaml:12:3: the tag 'yyyy", "...' has a name that Azure refuses")
    assert len(told.err) < 600, told


@claim
def nothing_in_a_spec_steers_the_terminal(place):
    good = place.read(place.spec())
    for escape in ["\\e[31m", "\\u009b31m", "\\a"]:
        place.write("bad.yaml", good.replace("  count: 2", f'  "co{escape}unt": 2'))
        told = place.run("check", "bad.yaml").fails(4, "unknown key 'co?")
        assert not any(mark in told.err for mark in ["\x1b", "\x9b", "\x07"]), told
        assert "co" in place.run("check", "-o", "json", "bad.yaml").json()["error"]["message"]


@claim
def what_a_link_leads_to_is_read_or_told(place):
    place.spec()
    os.symlink("spec.yaml", place.path("link.yaml"))
    place.run("check", "link.yaml").works()
    os.symlink("loop.yaml", place.path("loop.yaml"))
    os.symlink("nowhere.yaml", place.path("dangling.yaml"))
    place.run("check", "loop.yaml").fails(22, "'loop.yaml'", "symbolic links")
    place.run("check", "dangling.yaml").fails(5, "'dangling.yaml'", "hint: ")


@claim
def unknown_keys_are_told_with_the_nearest_and_without_what_follows_from_them(place):
    whole = place.read(place.spec(hosts=20))
    place.write("bad.yaml", whole.replace("  count: 20", "  coutn: 20"))
    told = place.run("check", "bad.yaml").fails(4, "unknown key 'coutn' in 'hosts'; did you mean 'count'?")
    assert told.err.count("\n") <= 4, told


@claim
def what_is_no_file(place):
    os.mkdir(place.path("folder"))
    for verb in ["check", "plan", "apply", "up"]:
        place.run(verb, "folder").fails(22, "'folder'", "it is a folder")
        place.run(verb, "nothing.yaml").fails(5, "'nothing.yaml'", "hint: ")
        place.run(verb).fails(5, "'redoubt.yaml'")


@claim
def a_resource_set_that_is_none(place):
    place.write("set.json", "{}")
    place.write("empty.json", "")
    place.write("deep.json", "[" * 100000)
    for verb in ["check", "cost"]:
        place.run(verb, "--set", "set.json").fails(4, "set.json")
        place.run(verb, "--set", "empty.json").fails(4, "empty.json:1:1")
        place.run(verb, "--set", "deep.json").fails(21, "deep.json:1:")
        place.run(verb, "--set", "nothing.json").fails(5, "nothing.json")


@claim
def live_without_anything_to_sign_in_with_does_nothing(place):
    place.spec()
    env = {"PATH": place.folder, "HTTPS_PROXY": "http://127.0.0.1:9"}
    for verb in ["plan", "apply", "up", "status", "destroy", "audit", "report"]:
        place.run(verb, "--live", "spec.yaml", env=env).fails(16, "nothing to sign in with", "az login", "docs/going-live.md")
        place.run(verb, "--live", "nothing.yaml", env=env).fails(5)
    assert not place.has_state()


@claim
def wrong_values_of_options(place):
    place.spec()
    wrong = {"--speed": ["0", "-1", "x", "1000001"], "--parallel": ["0", "16385", ""], "--seed": ["-1", "1.5"],
             "--clock": ["fast"], "--output": ["yaml"], "--color": ["yes"], "--fault": [""], "--state": [""],
             "--day": ["tomorrow", "2026-13-01", "2026-02-30"]}
    for option, values in wrong.items():
        for value in values:
            place.run("up", "--yes", f"{option}={value}", "spec.yaml").fails(3, option)
    place.run("up", "--yes=1", "spec.yaml").fails(3, "takes no value")
    place.run("up", "spec.yaml", "--speed").fails(3, "needs a value")
    place.run("cost", "--sheet", "nosuch", "spec.yaml").fails(5, "'nosuch'", "source-2026")
    place.run("init", "--template", "sovreign").fails(3, "did you mean 'sovereign'?")
    place.run("plan", "--data", "nothing", "spec.yaml").fails(5, "'nothing'")
    assert not place.has_state()


@claim
def unknown_words_get_the_nearest(place):
    place.spec()
    place.run("pln", "spec.yaml").fails(3, "did you mean 'redoubt plan'?")
    place.run("xyzzy").fails(3, "see 'redoubt help'")
    place.run("up", "--sped=3", "spec.yaml").fails(3, "did you mean '--speed'?")
    place.run("help", "fautls").fails(3, "did you mean 'redoubt help faults'?")
    place.run("plan", "spec.yaml", "more").fails(3, "one word too many")
    place.run().fails(3, "no command was given")


@claim
def errors_are_json_when_json_was_asked_for(place):
    for words, status in [(["plan", "-o", "json", "nothing.yaml"], 5), (["up", "-o", "json", "--sped", "1"], 3)]:
        told = place.run(*words).fails(status)
        error = json.loads(told.out)["error"]
        assert error["exitStatus"] == status and error["message"] in told.err and error["hint"], told


@claim
def files_are_not_overwritten_and_devices_not_replaced(place):
    place.spec()
    place.run("init", "spec.yaml").fails(3, "is there already", "--force")
    os.mkfifo(place.path("pipe"))
    reader = os.open(place.path("pipe"), os.O_RDONLY | os.O_NONBLOCK)
    place.run("init", "--force", "pipe").works("wrote pipe")
    assert os.read(reader, 1 << 20).startswith(b"#"), "nothing came through the pipe"
    os.close(reader)
    os.symlink("spec.yaml", place.path("link"))
    place.run("init", "--force", "link").works()
    assert os.path.islink(place.path("link"))
    place.run("init", "--force", "nowhere/x.yaml").fails(22, "'nowhere/x.yaml'")
    for words in [("plan", "--save", "/dev/full", "spec.yaml"), ("init", "--force", "/dev/full")]:
        place.run(*words).fails(22, "'/dev/full'", "No space left")


@claim
def tables_that_cannot_be_read_are_not_passed_over(place):
    place.spec()
    os.makedirs(place.path("tables"))
    os.symlink("types.yaml", place.path("tables", "types.yaml"))
    place.run("plan", "--data", "tables", "spec.yaml").fails(22, "'tables/types.yaml'", "symbolic links")
    os.unlink(place.path("tables", "types.yaml"))
    os.mkdir(place.path("tables", "types.yaml"))
    place.run("plan", "--data", "tables", "spec.yaml").fails(22, "'tables/types.yaml'", "it is a folder")
    os.rmdir(place.path("tables", "types.yaml"))
    place.write("tables/prices", "x")  # where a folder with sheets would be
    place.run("cost", "--data", "tables", "spec.yaml").fails(22, "'tables/prices/source-2026.yaml'", "Not a directory")


@claim
def an_output_takes_no_other_files_place(place):
    place.spec()
    before = place.read("spec.yaml")
    place.run("plan", "--save", "spec.yaml", "spec.yaml").fails(3, "'spec.yaml' is there already", "no saved plan", "hint: ")
    assert not place.has_state()
    for verb in [["report"], ["up", "--yes", "-q"]]:
        place.run(*verb, "--out", "spec.yaml", "spec.yaml").fails(3, "'spec.yaml' is there already", "no page", "hint: ")
    assert place.read("spec.yaml") == before
    assert place.cloud("SELECT count(*) FROM resource WHERE type LIKE '%resourceGroups'") == [(0,)]
    for _ in range(2):
        place.run("plan", "--save", "plan.json", "spec.yaml").works("saved to plan.json")
        place.up("--out", "page.html").works()


@claim
def a_report_that_cannot_be_written_stops_before_anything_is_built(place):
    place.spec()
    os.mkdir(place.path("folder"))
    for path in ["nowhere/page.html", "folder"]:
        place.up("--out", path).fails(22, f"cannot write '{path}'", "hint: name a file in")
    assert place.cloud("SELECT count(*) FROM resource WHERE type LIKE '%resourceGroups'") == [(0,)]


main(collect(globals()))
