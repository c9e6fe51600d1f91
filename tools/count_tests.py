#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""count_tests.py LOG NAME: one line "ok ..." or "not ok ..." for each test in Meson's log: for each
TAP subtest where a program printed some, else for the program. No test at all is a failure."""
import json
import os
import sys

log, name = sys.argv[1:3]
count = 0
with open(log if os.path.exists(log) else os.devnull, encoding="utf-8") as lines:
    for line in lines:
        test = json.loads(line)
        taps = [t for t in test.get("stdout", "").splitlines() if t.startswith(("ok ", "not ok "))]
        good = test["result"] in ("OK", "EXPECTEDFAIL")
        for tap in taps:
            count += 1
            print(f"{tap.split(' - ', 1)[0].rsplit(' ', 1)[0]} {name}: {test['name']}: {tap.split(' - ', 1)[-1]}")
        if not taps or (not good and all(t.startswith("ok ") for t in taps)):
            count += 1
            print(f"{'ok' if good else 'not ok'} {name}: {test['name']} ({test['result']})")
if count == 0:
    print(f"not ok {name}: no test ran")
