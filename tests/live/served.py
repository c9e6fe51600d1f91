# SPDX-License-Identifier: Apache-2.0
"""What the suites of tests/live share: the embedded cloud served with a virtual clock, and redoubt as its
client."""
import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from tap import PROGRAM, die_with_parent  # pylint: disable=wrong-import-position


class Served:
    """`redoubt cloud serve SPEC` in a Place, on any free port, until the end of a with."""

    def __init__(self, place, *words, spec="spec.yaml", clock="virtual"):
        self.place = place
        self.err = open(place.path("serve.err"), "wb+")  # pylint: disable=consider-using-with
        words = (["--clock", clock] if clock else []) + list(words)
        self.process = subprocess.Popen([PROGRAM, "cloud", "serve", "--port", "0", "-o", "json", *words, spec],
                                        cwd=place.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.err,
                                        preexec_fn=die_with_parent)
        text = b""
        while not text.endswith(b"\n}\n"):
            line = self.process.stdout.readline()
            if not line:
                self.err.seek(0)
                raise AssertionError(f"it is not served: {self.err.read()!r}")
            text += line
        self.about = json.loads(text)
        url = self.about["url"] + "/metadata/endpoints?api-version=2022-09-01"
        context = ssl.create_default_context(cafile=self.about["caFile"])
        with urllib.request.urlopen(url, context=context) as reply:
            self.document = json.load(reply)
        self.metadata_url = url
        assert (self.document[0].get("redoubt", {}).get("clock") == "virtual") == (clock == "virtual"), self.document[0]

    def environment(self, name="deployer", **more):
        """What a person signed in as that application has, and nothing else of Azure's."""
        application = next(a for a in self.about["applications"] if a["name"] == name)
        with open(application["secretFile"], encoding="ascii") as secret:
            value = secret.read()
        env = {key: value for key, value in os.environ.items()
               if not key.startswith(("AZURE_", "IDENTITY_", "MSI_", "REDOUBT_")) and not key.lower().endswith("_proxy")}
        env.update(AZURE_TENANT_ID=self.about["tenant"], AZURE_CLIENT_ID=application["clientId"], AZURE_CLIENT_SECRET=value,
                   REDOUBT_METADATA=self.metadata_url, REDOUBT_CA_FILE=self.about["caFile"])
        env.update(more)
        return {key: value for key, value in env.items() if value is not None}

    def run(self, *words, name="deployer", env=None, **more):
        return self.place.run(*words, env=self.environment(name, **(env or {})), **more)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.process.stdout.close()
        self.err.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
