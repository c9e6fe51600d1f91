# SPDX-License-Identifier: Apache-2.0
"""What the suites of tests/server share: a served cloud that ends with its test, a token, and HTTP
by hand, so that what is sent is what the test says."""
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from tap import PROGRAM, die_with_parent  # pylint: disable=wrong-import-position

TENANT = "11111111-2222-3333-4444-555555555555"
SUBSCRIPTION = "22222222-3333-4444-5555-666666666666"
GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourcegroups"
VERSION = "?api-version=2021-04-01"
METADATA = "/metadata/endpoints?api-version=2019-05-01"
with open(PROGRAM, "rb") as binary:
    IS_SANITIZED = b"__asan_init" in binary.read()


class Reply:
    """Status, headers with names in lower case, and the body."""

    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:] if line)}
        self.body = body

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r}"

    def json(self):
        return json.loads(self.body)

    def is_error(self, status, *words):
        """Azure's envelope, with the status and every word."""
        assert self.status == status, self
        error = self.json()["error"]
        text = error["code"] + " " + error["message"]
        for word in words:
            assert word in text, f"no {word!r}: {self}"
        return self


class Line:
    """A connection, and the replies that come over it."""

    def __init__(self, sock):
        self.sock = sock
        self.rest = b""

    def send(self, data):
        self.sock.sendall(data)

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError("the server closed the connection")
        self.rest += data

    def reply(self, has_body=True):
        while b"\r\n\r\n" not in self.rest:
            self._more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        if head.startswith(b"HTTP/1.1 100"):
            return self.reply(has_body)
        size = re.search(rb"(?im)^content-length: *(\d+)", head)
        size = int(size[1]) if size and has_body else 0
        while len(self.rest) < size:
            self._more()
        body, self.rest = self.rest[:size], self.rest[size:]
        return Reply(head, body)

    def is_closed(self, seconds=5):
        """Whether the server closes within that time, with nothing more to say."""
        self.sock.settimeout(seconds)
        try:
            while self.sock.recv(65536):
                pass
            return True
        except socket.timeout:
            return False
        except (ConnectionError, ssl.SSLError):
            return True

    def everything(self):
        """All that comes until the server closes."""
        data = self.rest
        while True:
            try:
                more = self.sock.recv(65536)
            except ConnectionError:
                return data
            if not more:
                return data
            data += more

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Served:
    """`redoubt cloud serve` on free ports, stopped at the end of the `with`."""

    def __init__(self, place, *words, state="state", http=True):
        command = [PROGRAM, "cloud", "serve", "--port", "0", "-o", "json", *words]
        command += ["--state", state] if state else []
        command += ["--http-port", "0"] if http else []
        # Memory that malloc fills is memory that is used: what idle connections take would not be told.
        environment = {name: value for name, value in os.environ.items() if name != "MALLOC_PERTURB_"}
        self.err = open(place.path("server.err"), "w+b")
        self.process = subprocess.Popen(command, cwd=place.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.err, preexec_fn=die_with_parent, env=environment)
        text = b""
        while True:
            line = self.process.stdout.readline()
            text += line
            if not line or line == b"}\n":
                break
        if not text:
            self.process.wait()
            self.err.seek(0)
            raise AssertionError(f"no server: {self.process.returncode} {self.err.read()!r}")
        self.about = json.loads(text)
        self.port = urllib.parse.urlparse(self.about["url"]).port
        self.http_port = urllib.parse.urlparse(self.about["httpUrl"]).port if http else None
        self.context = ssl.create_default_context(cafile=self.about["caFile"])
        self.token = None

    def plain(self, timeout=20):
        return Line(socket.create_connection(("127.0.0.1", self.http_port), timeout))

    def tls(self, name="localhost", timeout=20):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout)
        return Line(self.context.wrap_socket(sock, server_hostname=name))

    def sign_in(self, who=0):
        application = self.about["applications"][who]
        with open(application["secretFile"], encoding="ascii") as secret:
            form = urllib.parse.urlencode({
                "grant_type": "client_credentials", "client_id": application["clientId"], "client_secret": secret.read(),
                "scope": "https://management.core.usgovcloudapi.net/.default"}).encode()
        with self.tls() as line:
            line.send(self.head("POST", f"/{TENANT}/oauth2/v2.0/token", token="",
                                more=f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n") +
                      form)
            reply = line.reply()
        assert reply.status == 200, reply
        self.token = reply.json()["access_token"]
        return self

    def head(self, method, target, more="", token=None, host=None):
        """A head as good clients send it."""
        token = self.token if token is None else token
        signed = f"Authorization: Bearer {token}\r\n" if token else ""
        return f"{method} {target} HTTP/1.1\r\nHost: {host or f'localhost:{self.port}'}\r\n{signed}{more}\r\n".encode()

    def put(self, name, body=None, more="", method="PUT"):
        body = json.dumps({"location": "usgovvirginia"}).encode() if body is None else body
        more += "" if "content-type" in more.lower() else "Content-Type: application/json\r\n"
        return self.head(method, f"{GROUPS}/{name}{VERSION}", f"{more}Content-Length: {len(body)}\r\n") + body

    def get(self, name, more=""):
        return self.head("GET", f"{GROUPS}/{name}{VERSION}", more)

    def ask(self, data, tls=False):
        with self.tls() if tls else self.plain() as line:
            line.send(data)
            return line.reply(not data.startswith(b"HEAD"))

    def is_up(self):
        reply = self.ask(self.head("GET", METADATA, token=""))
        assert reply.status == 200 and b"resourceManager" in reply.body, reply

    def memory_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1024

    def stop(self, number=signal.SIGTERM):
        """Asks it to stop: it ends well and says nothing; the seconds that it took."""
        start = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        self.process.stdout.close()
        self.err.seek(0)
        said = self.err.read()
        self.err.close()
        assert self.process.returncode == 0 and said == b"", (self.process.returncode, said[-2000:])
        return time.monotonic() - start

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            if kind is None:
                self.stop()
            else:
                self.process.kill()
                self.process.wait()
        elif kind is None and self.process.returncode != 0:
            raise AssertionError(f"the server ended with {self.process.returncode}")
