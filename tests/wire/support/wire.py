# SPDX-License-Identifier: Apache-2.0
"""What the suites of tests/wire/az and tests/wire/python share: a served cloud whose clock runs fast,
one sign-in of Azure CLI for all commands, and TAP. Suites take the program and the source folder as
arguments; without any, REDOUBT or build/redoubt.

A claim says which cells of docs/parity.md it proves: @claim("TYPE | operation operation ...", ...)."""
import concurrent.futures
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
import ctypes

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("REDOUBT", os.path.join(ROOT, "build", "redoubt")))
REPAIRED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "az_repaired.py")
CLIENT = os.path.basename(os.path.dirname(os.path.abspath(sys.argv[0])))  # "az" or "python"
REGION = "usgovvirginia"
COMMANDS_AT_ONCE = 3


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def resolve_localhost():
    """glibc knows no *.localhost: in this process they are this machine, as RFC 6761 has it."""
    real = socket.getaddrinfo

    def getaddrinfo(host, *rest, **named):
        is_ours = isinstance(host, str) and host.endswith(".localhost")
        return real("localhost" if is_ours else host, *rest, **named)

    socket.getaddrinfo = getaddrinfo


class Cloud:
    """`redoubt cloud serve`; it ends with the suite."""

    def __init__(self, *words, speed=600):
        self.folder = tempfile.mkdtemp()
        self.err = open(os.path.join(self.folder, "server.err"), "w+b")
        clock = ["--clock", "scaled", "--speed", str(speed)] if speed else []
        self.process = subprocess.Popen(
            [PROGRAM, "cloud", "serve", "--port", "0", "--state", "state", "-o", "json", *clock, *words], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.err, preexec_fn=die_with_parent)
        text = b""
        for line in self.process.stdout:
            text += line
            if line == b"}\n":
                break
        if not text:
            self.process.wait()
            self.err.seek(0)
            raise AssertionError(f"no server: {self.process.returncode} {self.err.read()!r}")
        self.about = json.loads(text)
        self.url = self.about["url"]
        self.port = int(self.url.rsplit(":", 1)[1])
        self.tenant = self.about["tenant"]
        self.subscription = self.about["subscriptions"][0]
        self.scope = "/subscriptions/" + self.subscription
        self.environment = self._environment()

    def _environment(self):
        """What `redoubt cloud env` prints, as a shell takes it."""
        told = subprocess.run([PROGRAM, "cloud", "env", "--state", "state"], cwd=self.folder, stdout=subprocess.PIPE, check=True)
        script = told.stdout.decode() + "\nenv -0\n"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "ARM_", "MSI_"))}
        done = subprocess.run(["sh", "-euc", script], cwd=self.folder, env=kept, stdout=subprocess.PIPE, check=True)
        env = dict(item.split("=", 1) for item in done.stdout.decode().split("\0") if item)
        return {**env, "AZURE_CORE_NO_COLOR": "1", "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no"}

    def application(self, name):
        """(client id, secret)"""
        (found,) = [item for item in self.about["applications"] if item["name"] == name]
        with open(found["secretFile"], encoding="ascii") as secret:
            return found["clientId"], secret.read()

    def id(self, group, kind, *names):
        """The id of what has this type and these names."""
        space, *types = kind.split("/")
        pairs = "/".join(f"{a}/{b}" for a, b in zip(types, names))
        return f"{self.scope}/resourceGroups/{group}/providers/{space}/{pairs}"

    # Python SDKs ----------------------------------------------------------------------------------

    def trust(self):
        """For SDKs in this process: the cloud's own authority of certificates, and its names."""
        os.environ["REQUESTS_CA_BUNDLE"] = self.about["caFile"]
        for name in ("NO_PROXY", "no_proxy"):
            os.environ[name] = self.environment["NO_PROXY"]
        resolve_localhost()
        return self

    def credential(self, who="deployer", **more):
        from azure.identity import ClientSecretCredential  # pylint: disable=import-outside-toplevel
        client, secret = self.application(who)
        # This version's MSAL asks login.microsoftonline.com about every authority but one whose last segment is "adfs".
        options = {"authority": self.url, **more}
        return ClientSecretCredential("adfs", options.pop("client", client),
                                      options.pop("secret", secret), **options)

    def manage(self, kind, credential=None, **more):
        """A management client. Older ones ask for the public cloud's token unless told."""
        return kind(credential or self.credential(), self.subscription, base_url=self.url,
                    credential_scopes=["https://management.core.usgovcloudapi.net/.default"], **more)

    # Azure CLI ------------------------------------------------------------------------------------

    def az(self, *words, repaired=False, environment=None):
        command = ["/usr/bin/python3", "-B", REPAIRED] if repaired else ["az"]
        done = subprocess.run([*command, *words], cwd=self.folder, env=environment or self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100, check=False)
        return Said(words, done)

    def register(self, name="Redoubt", environment=None):
        """As `redoubt cloud env` says: once, for all commands with this AZURE_CONFIG_DIR."""
        folder = self.about["folder"]
        self.az("cloud", "register", "-n", name, "--cloud-config", f"@{folder}/cloud.json", environment=environment).works()
        self.az("cloud", "set", "-n", name, environment=environment).works()

    def login(self, who="deployer", environment=None):
        client, secret = self.application(who)
        return self.az("login", "--service-principal", "-u", client, "-p", secret, "--tenant", self.tenant,
                       environment=environment)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        self.process.stdout.close()
        self.err.seek(0)
        said = self.err.read()
        self.err.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.process.returncode, said.decode("utf-8", "replace")


class Said:
    """What a command of Azure CLI left behind."""

    def __init__(self, words, done):
        self.words, self.status = words, done.returncode
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")

    def __repr__(self):
        return f"az {' '.join(self.words)}: status {self.status}, {self.err[-700:]!r} {self.out[-300:]!r}"

    def works(self, **expected):
        """Status 0; what the reply must say, by path: works(properties__state="Ready")."""
        assert self.status == 0, self
        for path, wanted in expected.items():
            value = self.json
            for name in path.split("__"):
                value = value[name]
            assert value == wanted, f"{path} is {value!r}, not {wanted!r}: {self}"
        return self

    def fails(self, *words):
        assert self.status != 0, f"it worked: {self}"
        assert "Traceback" not in self.err, self
        for word in words:
            assert word in self.err, f"no {word!r}: {self}"
        return self

    @property
    def json(self):
        return json.loads(self.out)

    def names(self):
        return [item["name"] for item in self.json]


def claim(*cells):
    def mark(function):
        function.cells = [(kind.strip(), operation) for kind, operations in (cell.split("|") for cell in cells)
                          for operation in operations.split(",")]
        return function
    return mark


def main(namespace, before=None, after=None, at_once=COMMANDS_AT_ONCE):
    """Runs the claims, some at once, for most of a command's time is its start; tells them in order."""
    claims = [(name.replace("_", " "), value) for name, value in namespace.items() if hasattr(value, "cells")]
    print(f"1..{len(claims)}", flush=True)
    failed = 0

    def run(function):
        try:
            function()
            return None
        except BaseException as error:  # whatever it is, the claim does not hold
            frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(os.path.basename(sys.argv[0]))]
            return f"{error!r} at {frames}"

    problem = run(before) if before else None
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        outcomes = [pool.submit(run, function) if problem is None else None for _, function in claims]
        for number, ((name, function), outcome) in enumerate(zip(claims, outcomes), 1):
            found = outcome.result() if outcome is not None else problem
            failed += found is not None
            for kind, operation in function.cells:
                print(f"# cell: {kind} | {operation.strip()} | {CLIENT}")
            print(f"{'ok' if found is None else 'not ok'} {number} - {name}")
            if found is not None:
                print("# " + found.replace("\n", " ")[:3000])
            sys.stdout.flush()
    problem = run(after) if after else None
    if problem is not None:
        print("# " + problem)
    sys.exit(1 if failed or problem else 0)


def ended_well(cloud):
    """For `after`: the server is still there, and stops without a word."""
    status, said = cloud.stop()
    assert status == 0 and said == "", (status, said[-2000:])
