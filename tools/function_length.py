#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""function_length.py FOLDER: names functions of more than 70 lines in C files formatted by
clang-format (a function's braces stand in column 1). Finding no function at all is a failure."""
import pathlib
import sys

LIMIT = 70
found = too_long = 0
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.c")):
    lines = path.read_text(encoding="utf-8").split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            found += 1
            if number - start > LIMIT:
                too_long += 1
                print(f"{path}:{start}: {number - start} lines")
            start = None
if found < 100:
    sys.exit(f"function_length: only {found} functions found")
sys.exit(1 if too_long else 0)
