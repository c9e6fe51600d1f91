# SPDX-License-Identifier: Apache-2.0
"""A recording as the served cloud would have it: ids, hosts and people of the recorded world are put
in those of the served one, and what the recording cut is filled in where recordings.yaml says so."""
import base64
import json
import os
import re

RECORDED_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
RECORDED_TENANT = "54826b22-38d6-4fb2-bad9-b7b93a3e9c5a"


def to_served(text, port, words):
    """Text of the recorded world in the served one: C1's addresses, then `words`."""
    here = f"localhost:{port}"
    text = re.sub(r"https://(management\.azure\.com|login\.microsoftonline\.com)", f"https://{here}", text)
    text = re.sub(r"https://((?:[A-Za-z0-9-]+\.)?)(vault|managedhsm)\.azure\.net", rf"https://\1\2.{here}", text)
    for theirs, ours in words.items():
        text = text.replace(theirs, ours)
    return text


def find(value, path):
    for name in path.split("."):
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def put(value, path, new):
    *holder, last = path.split(".")
    value = find(value, ".".join(holder))
    if isinstance(value, list):
        value[int(last)] = new
    else:
        value[last] = new


def filling(exchanges, row):
    """What a row of `fill` puts in: a value, another place's, or a text in base64url."""
    if "copy" in row:
        number, path = row["copy"].split(".", 1)
        return find(exchanges[int(number) - 1], path)
    if "base64url" in row:
        return base64.urlsafe_b64encode(row["base64url"].encode()).decode().rstrip("=")
    return row["value"]


def load(folder, name, about, port, words):
    """The exchanges of a recording, in the served world."""
    with open(os.path.join(folder, name + ".json"), encoding="utf-8") as text:
        recorded = to_served(text.read(), port, words)
    exchanges = json.loads(recorded)["exchanges"]
    for row in json.loads(to_served(json.dumps(about.get("fill", [])), port, words)):
        put(exchanges[row["exchange"] - 1], row["at"], filling(exchanges, row))
    return exchanges


def names(folder):
    if not os.path.isdir(folder):
        return []
    return sorted(name[:-len(".json")] for name in os.listdir(folder) if name.endswith(".json"))
