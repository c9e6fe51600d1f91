# SPDX-License-Identifier: Apache-2.0
"""What the suites of tests/live share: the embedded cloud served with a virtual clock, and redoubt as its
client. Where the served cloud does not say itself that its time is its client's, a document of metadata
that says so stands beside it: it is the only thing there."""
import http.server
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from tap import PROGRAM, die_with_parent  # pylint: disable=wrong-import-position


class Metadata:
    """Serves one document over HTTPS, with the certificate of the cloud that it is of."""

    def __init__(self, folder, document):
        body = json.dumps(document).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}/metadata/endpoints?api-version=2022-09-01"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


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
        self.metadata = None
        self.metadata_url = url
        if clock == "virtual" and "redoubt" not in self.document[0]:
            self.document[0]["redoubt"] = {"clock": "virtual"}
            self.metadata = Metadata(self.about["folder"], self.document)
            self.metadata_url = self.metadata.url

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
        if self.metadata is not None:
            self.metadata.close()
            self.metadata = None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.process.stdout.close()
        self.err.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
