# SPDX-License-Identifier: Apache-2.0
"""A served cloud whose time stands still until it is told to move on, and a client of it."""
import base64
import json
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "server"))
from served import Served  # pylint: disable=wrong-import-position

ENDED = ("Succeeded", "Failed", "Canceled")
AUDIENCES = {"vault": "https://vault.azure.net", "managedhsm": "https://managedhsm.azure.net"}
STEP_S, WAIT_S = 15, 2 * 3600


class Answer:
    def __init__(self, reply):
        self.status, self.headers, self.body = reply.status, reply.headers, reply.body

    def json(self):
        return json.loads(self.body) if self.body else None

    def is_ended(self):
        """Whether an operation's or a resource's state is a last one, if it has one."""
        state = state_of(self.json())
        return state is None or state in ENDED


def state_of(body):
    if not isinstance(body, dict):
        return None
    if isinstance(body.get("status"), str):
        return body["status"]
    properties = body.get("properties")
    return properties.get("provisioningState") if isinstance(properties, dict) else None


class World:
    """Signed in as the application that owns the subscription."""

    def __init__(self, place):
        self.server = Served(place, "--cloud", "AzureCloud", "--clock", "virtual", state=None, http=False)
        self.port = self.server.port
        self.tenant = self.server.about["tenant"]
        self.subscription = self.server.about["subscriptions"][0]
        self.now_ms = int(time.time() * 1000)
        self.tokens = {}  # audience: (token, until)
        self.client = self.server.about["applications"][0]["clientId"]
        self.object_id = json.loads(decode(self.token("").split(".")[1]))["oid"]

    def close(self):
        self.server.process.kill()
        self.server.process.wait()
        self.server.process.stdout.close()
        self.server.err.close()

    def send(self, method, url, body=None, token=None):
        """`body` is JSON, or bytes of a form."""
        parts = urllib.parse.urlsplit(url)
        head = [f"Redoubt-Clock: {self.now_ms}"]
        data = b""
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            kind = "application/x-www-form-urlencoded" if isinstance(body, bytes) else "application/json"
            head.append(f"Content-Type: {kind}")
        if body is not None or method != "GET":
            head.append(f"Content-Length: {len(data)}")
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        raw = self.server.head(method, target, "".join(line + "\r\n" for line in head), token=token or "", host=parts.netloc)
        with self.server.tls(parts.hostname) as line:
            line.send(raw + data)
            return Answer(line.reply(method != "HEAD"))

    def token(self, host):
        """A token for the plane that the host's name is of, from the cloud's own endpoint."""
        audience = next((AUDIENCES[plane] for plane in AUDIENCES if f"{plane}.localhost" in host),
                        "https://management.core.windows.net")
        token, until_ms = self.tokens.get(audience, (None, 0))
        if self.now_ms >= until_ms:
            with open(self.server.about["applications"][0]["secretFile"], encoding="ascii") as secret:
                form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": self.client,
                                               "client_secret": secret.read(), "scope": audience + "/.default"})
            reply = self.send("POST", f"https://localhost:{self.port}/{self.tenant}/oauth2/v2.0/token", form.encode())
            assert reply.status == 200, reply.body
            token = reply.json()["access_token"]
            self.tokens[audience] = (token, self.now_ms + 3000 * 1000)
        return token

    def ask(self, method, url, body=None):
        return self.send(method, url, body, self.token(urllib.parse.urlsplit(url).netloc))

    def settled(self, url):
        """GET until what is asked for has come to its end; time moves on meanwhile."""
        for _ in range(WAIT_S // STEP_S):
            answer = self.ask("GET", url)
            if answer.status == 202 or answer.status < 300 and not answer.is_ended():
                self.now_ms += STEP_S * 1000
                continue
            return answer
        raise AssertionError(f"'{url}' came to no end within {WAIT_S} s of the cloud's time")

    def make(self, step):
        """A step of recordings.yaml's `before`: its first headers, and its body once it is done."""
        method, url = next((word, step[word]) for word in ("put", "post") if word in step)
        answer = self.ask(method.upper(), url, step.get("body"))
        assert answer.status < 300, f"{method} {url}: {answer.status} {answer.body[:500]!r}"
        follow = answer.headers.get("azure-asyncoperation") or answer.headers.get("location")
        if follow:
            ended = self.settled(follow)
            assert state_of(ended.json()) in (None, "Succeeded"), f"{method} {url}: {ended.body[:500]!r}"
        headers = answer.headers
        if method == "put" and "/accessPolicies/" not in url:
            answer = self.settled(url)
        self.now_ms += step.get("then_wait_s", 0) * 1000
        return headers, answer.json()


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
