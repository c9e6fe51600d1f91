#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""hostile_server FOLDER: servers that do what servers should not, for tests of HTTP clients.

Makes an authority and certificates in FOLDER, listens on ports that the system chooses, prints one
line "ready NAME=PORT ...", and ends when its standard input does. What a request meets is named by
its path; /stats tells what arrived. Debian: python3, python3-h2, openssl.
"""
import collections
import gzip
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import warnings
import zlib

import h2.config
import h2.connection
import h2.errors
import h2.events

FOLDER = sys.argv[1]
LOCK = threading.Lock()
CONNECTIONS = collections.Counter()
REQUESTS = collections.Counter()
PROXIED = []
PORTS = {}
JSON = [("Content-Type", "application/json")]
BIG = b"\0" * (1 << 20)


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, cwd=FOLDER, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def make_authority(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")


def make_certificate(name, authority, names, days):
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/CN=test", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    with open(os.path.join(FOLDER, f"{name}.ext"), "w", encoding="ascii") as out:
        out.write("subjectAltName=" + ",".join(names) + "\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
            "-CAcreateserial", "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem")


def context(name, alpn="http/1.1"):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(os.path.join(FOLDER, f"{name}.pem"), os.path.join(FOLDER, f"{name}.key"))
    made.set_alpn_protocols([alpn])
    return made


class Connection:
    """One connection of HTTP/1.1: reads requests, hands each to what its path names."""

    def __init__(self, sock, listener):
        self.sock = sock
        self.listener = listener
        self.rest = b""
        self.drops_next = False

    def read_request(self):
        while b"\r\n\r\n" not in self.rest:
            more = self.sock.recv(65536)
            if not more:
                return None
            self.rest += more
            if self.rest.startswith(b"\x16"): # TLS, here
                self.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        length = int(dict((k.lower(), v) for k, v in headers).get("content-length", "0"))
        while len(self.rest) < length:
            more = self.sock.recv(65536)
            if not more:
                return None
            self.rest += more
        body, self.rest = self.rest[:length], self.rest[length:]
        return method, path, headers, body

    def send(self, data):
        self.sock.sendall(data)

    def reply(self, body, headers=(), status="200 OK"):
        lines = [f"HTTP/1.1 {status}"] + [f"{k}: {v}" for k, v in headers] + [f"Content-Length: {len(body)}"]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def begin(self, *headers):
        self.send("\r\n".join(("HTTP/1.1 200 OK",) + headers).encode("latin-1") + b"\r\n\r\n")

    def chunk(self, data):
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def wait_for_end(self):
        while self.sock.recv(65536):
            pass

    def run(self):
        while True:
            request = self.read_request()
            if request is None:
                return
            method, path, headers, body = request
            with LOCK:
                REQUESTS[f"{method} {path}"] += 1
            if self.drops_next:
                return
            if not serve(self, method, path, headers, body):
                return


def serve(c, method, path, headers, body):
    """True: the connection goes on."""
    name = path.split("?")[0].strip("/").split("/")[0]
    act = ACTS.get(name)
    if act is not None:
        return act(c, path) is True
    if name == "echo":
        told = {"method": method, "path": path, "headers": dict((k.lower(), v) for k, v in headers),
                "body": body.decode("latin-1"), "listener": c.listener}
        c.reply(json.dumps(told).encode() if method != "HEAD" else b"", JSON)
    elif name == "stats":
        with LOCK:
            told = {"connections": dict(CONNECTIONS), "requests": dict(REQUESTS), "proxied": list(PROXIED)}
        c.reply(json.dumps(told).encode(), JSON)
    else:
        c.reply(b'{"value":"' + name.encode() + b'"}', JSON)
    return True


def status(c, path):
    c.reply(b"{}", JSON, path.rsplit("/", 1)[1] + " Said")
    return True


def redirect(c, _path):
    c.reply(b"", [("Location", f"https://elsewhere.localhost:{PORTS['good']}/stolen")], "307 Elsewhere")
    return True


def cut_length(c, _path):
    c.begin("Content-Length: 1000")
    c.send(b'{"value":"half')


def cut_chunk(c, _path):
    c.begin("Transfer-Encoding: chunked")
    c.chunk(b'{"value":')
    c.send(b"ff\r\nhalf")


def cut_head(c, _path):
    c.send(b"HTTP/1.1 200 OK\r\nContent-Ty")


def cut_unannounced(c, _path):
    """Ends by closing, as HTTP/1.0 did, but without TLS's own goodbye: anybody can do that."""
    c.begin("Connection: close")
    c.send(b'{"value":1')
    socket.socket(fileno=c.sock.detach()).close()


def whole_unannounced(c, _path):
    c.begin("Connection: close")
    c.send(b'{"value":1}')
    if isinstance(c.sock, ssl.SSLSocket):
        c.sock.unwrap()


def reset(c, _path):
    c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket(fileno=c.sock.detach()).close()


def reset_midway(c, path):
    c.begin("Content-Length: 1000")
    c.send(b"x" * 100)
    time.sleep(0.05)
    reset(c, path)


def flood(c, _path):
    c.begin("Transfer-Encoding: chunked")
    while True:
        c.chunk(BIG)


def flood_head(c, _path):
    c.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        c.send(b"X-Padding: " + b"p" * 4000 + b"\r\n")


def flood_interim(c, _path):
    while True:
        c.send(b"HTTP/1.1 102 Processing\r\nX-Padding: " + b"p" * 400 + b"\r\n\r\n")


def drip(c, _path):
    c.begin("Content-Length: 100000")
    while True:
        c.send(b" ")
        time.sleep(0.02)


def drip_head(c, _path):
    c.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        c.send(b"s")
        time.sleep(0.02)


def stall(c, _path):
    c.begin("Content-Length: 1000")
    c.send(b'{"value":"half')
    c.wait_for_end()


def late(c, path):
    time.sleep(int(path.rsplit("/", 1)[1]) / 1000)
    c.reply(b'{"late":true}', JSON)
    return True


def packed(data):
    def act(c, _path):
        c.reply(data(), JSON + [("Content-Encoding", "gzip")])
        return True
    return act


def pack_nothing(c, _path):
    """Unpacks to nothing, for ever."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    c.begin("Transfer-Encoding: chunked", "Content-Encoding: gzip")
    c.chunk(squeeze.compress(b"") + squeeze.flush(zlib.Z_SYNC_FLUSH))
    empty = b"\x00\x00\x00\xff\xff" * (1 << 18)
    while True:
        c.chunk(empty)


def bomb():
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join([squeeze.compress(BIG) for _ in range(70)] + [squeeze.flush()])


def raw(text, goes_on=False):
    def act(c, _path):
        c.send(text)
        return goes_on
    return act


def drop_next(c, _path):
    c.drops_next = True
    c.reply(b"{}", JSON)
    return True


def big(c, path):
    c.reply(b"x" * int(path.rsplit("/", 1)[1]))
    return True


ACTS = {
    "status": status, "redirect": redirect, "cut-length": cut_length, "cut-chunk": cut_chunk,
    "cut-head": cut_head, "cut-unannounced": cut_unannounced, "whole-unannounced": whole_unannounced,
    "no-reply": lambda c, path: False, "reset": reset, "reset-midway": reset_midway, "flood": flood,
    "flood-head": flood_head, "flood-interim": flood_interim, "drip": drip, "drip-head": drip_head,
    "silent": lambda c, path: c.wait_for_end(), "stall": stall, "late": late, "drop-next": drop_next, "big": big,
    "gzip": packed(lambda: gzip.compress(b'{"value":"' + b"unpacked" * 1000 + b'"}')),
    "gzip-bomb": packed(bomb), "gzip-broken": packed(lambda: b"\x1f\x8b\x08" + b"\xff" * 400),
    "gzip-cut": packed(lambda: gzip.compress(os.urandom(5000))[:2000]),
    "gzip-not": packed(lambda: b'{"value":"plain"}'), "gzip-nothing": pack_nothing,
    "garbage": raw(bytes(range(256)) * 20), "http09": raw(b"<html>hello</html>\n"),
    "html": raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 19\r\n\r\n<html>sign in</html", True),
    "two-lengths": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + b" " * 38),
    "less-than-sent": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
    "negative-length": raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
    "huge-length": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n{}"),
    "no-colon": raw(b"HTTP/1.1 200 OK\r\nthis is no header\r\nContent-Length: 2\r\n\r\n{}"),
    "bad-chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
    "status-word": raw(b"HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\n{}"),
    "only-interim": raw(b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n"),
    "many-headers": raw(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(500)) +
                        b"Content-Length: 2\r\n\r\n{}"),
    "odd-headers": raw(b"HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Latin: caf\xe9\r\nX-Folded: one\r\n"
                       b"  two\r\nX-Bell: a\x07b\r\nTransfer-Encoding: chunked\r\nTrailer: X-Trailer\r\n\r\n"
                       b"2\r\n{}\r\n0\r\nX-Trailer: t\r\n\r\n", True),
}


class Http2:
    """One connection of HTTP/2."""

    def __init__(self, sock):
        self.sock = sock
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def answer(self, stream, path, method):
        with LOCK:
            REQUESTS[f"h2 {method} {path}"] += 1
        if path == "/silent":
            return
        if path == "/reset":
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
            return
        if path == "/refused":
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
            return
        if path == "/goaway":
            self.h2.close_connection()
            self.flush()
            raise OSError
        body = b'{"value":"two"}'
        self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/json"), ("x-served", "h2")])
        self.h2.send_data(stream, body, end_stream=path != "/cut")
        if path == "/cut":
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)

    def run(self):
        self.h2.initiate_connection()
        self.flush()
        methods = {}
        while True:
            data = self.sock.recv(65536)
            if not data:
                return
            for event in self.h2.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    fields = dict(event.headers)
                    methods[event.stream_id] = (fields[":path"], fields[":method"])
                elif isinstance(event, h2.events.StreamEnded):
                    self.answer(event.stream_id, *methods.pop(event.stream_id))
                elif isinstance(event, h2.events.DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.flush()


def pump(source, sink):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
    except OSError:
        pass
    for sock in (source, sink):
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def proxy(sock):
    """Leads every name to the good server, but for those that say what else they want."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = sock.recv(65536)
        if not more:
            return
        head += more
    with LOCK:
        PROXIED.append(head.decode("latin-1"))
    host = head.split(b" ")[1]
    if host.startswith(b"forbidden."):
        sock.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    elif host.startswith(b"asks."):
        sock.sendall(b'HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n')
    elif not host.startswith(b"closes."):
        far = socket.create_connection(("127.0.0.1", PORTS["good"]))
        sock.sendall(b"HTTP/1.1 200 Go on\r\nX-Proxy: yes\r\n\r\n")
        threading.Thread(target=pump, args=(sock, far), daemon=True).start()
        pump(far, sock)
        return
    time.sleep(0.1)


def handle(sock, name, tls):
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if name == "mute":
            while sock.recv(65536):
                pass
            return
        if tls is not None:
            sock = tls.wrap_socket(sock, server_side=True)
        with LOCK:
            CONNECTIONS[name] += 1
        if name == "proxy":
            proxy(sock)
        elif name == "h2":
            Http2(sock).run()
        else:
            Connection(sock, name).run()
    except (OSError, ValueError, h2.exceptions.ProtocolError):
        pass
    finally:
        try:
            if isinstance(sock, ssl.SSLSocket):
                sock.settimeout(0.2)
                sock.unwrap()
        except (OSError, ValueError):
            pass
        sock.close()


def accept(listener, name, tls):
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=handle, args=(sock, name, tls), daemon=True).start()


def listen(name, tls=None):
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    PORTS[name] = listener.getsockname()[1]
    threading.Thread(target=accept, args=(listener, name, tls), daemon=True).start()


def main():
    make_authority("ca")
    make_authority("stranger")
    # Of "*.localhost" curl thinks that it is too much for one certificate.
    ours = ["DNS:localhost", "DNS:cloud.localhost", "DNS:*.vault.localhost", "DNS:elsewhere.localhost",
            "DNS:cloud.example", "IP:127.0.0.1"]
    make_certificate("good", "ca", ours, 2)
    make_certificate("elsewhere", "ca", ["DNS:elsewhere.example"], 2)
    make_certificate("expired", "ca", ours, -1)
    make_certificate("untrusted", "stranger", ours, 2)
    old = context("good")
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(): # that nobody should do this is the point
        warnings.simplefilter("ignore")
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    listen("good", context("good"))
    listen("h2", context("good", "h2"))
    listen("plain")
    listen("wrong_name", context("elsewhere"))
    listen("expired", context("expired"))
    listen("untrusted", context("untrusted"))
    listen("old_tls", old)
    listen("mute")
    listen("proxy")
    closed = socket.socket() # bound and not listening: whoever knocks is refused
    closed.bind(("127.0.0.1", 0))
    PORTS["closed"] = closed.getsockname()[1]
    print("ready", *(f"{name}={port}" for name, port in PORTS.items()), flush=True)
    sys.stdin.read()


main()
