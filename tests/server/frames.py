#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""frames.py PROGRAM SOURCE: what goes over the wire to a served cloud. Good messages of every form are
taken; bad ones get an error as Azure shapes it; whatever comes, the next client is answered."""
import contextlib
import random
import re
import socket
import ssl
import threading
import time

from served import GROUPS, METADATA, SUBSCRIPTION, VERSION, Served
from tap import claim, collect, main

MB = 1 << 20


@claim
def a_group_is_made_read_and_found_missing_over_tls_and_plain_http(place):
    with Served(place).sign_in() as server:
        for tls in (True, False):
            made = server.ask(server.put("one"), tls)
            assert made.status in (200, 201) and made.json()["name"] == "one", made
            assert made.headers["content-type"].startswith("application/json") and "x-ms-request-id" in made.headers
            assert server.ask(server.get("one"), tls).json() == made.json()
            server.ask(server.get("two"), tls).is_error(404, "ResourceGroupNotFound", "two")


@claim
def a_connection_is_kept_for_many_requests(place):
    with Served(place).sign_in() as server, server.tls() as line:
        for number in range(60):
            line.send(server.put(f"g{number}") if number % 3 == 0 else server.get(f"g{number - number % 3}"))
            reply = line.reply()
            assert reply.status in (200, 201) and "connection" not in reply.headers, reply


@claim
def pipelined_requests_are_answered_in_order(place):
    with Served(place).sign_in() as server, server.plain() as line:
        line.send(b"".join(server.put(f"g{n}") + server.get(f"g{n}") for n in range(20)))
        for number in range(20):
            assert [line.reply().status, line.reply().json()["name"]] == [201, f"g{number}"]


@claim
def who_pipelines_and_reads_late_gets_every_reply(place):
    count = 1500
    with Served(place).sign_in() as server:
        server.ask(server.put("one"))
        for connect in (server.tls, server.plain):
            with connect() as line:
                sender = threading.Thread(target=line.send, args=(server.get("one") * count,))
                sender.start()
                time.sleep(0.5)
                for _ in range(count):
                    assert line.reply().status in (200, 429)
                sender.join()


@claim
def a_reply_over_tls_is_one_record(place):
    with Served(place).sign_in() as server, socket.create_connection(("localhost", server.port)) as sock:
        coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = server.context.wrap_bio(coming, going, server_hostname="localhost")

        def until(act):
            taken = b""
            while True:
                with contextlib.suppress(ssl.SSLWantReadError):
                    return act(), taken
                sock.sendall(going.read())
                more = sock.recv(65536)
                taken += more
                coming.write(more)

        until(tls.do_handshake)
        for request in (server.put("one"), server.get("one"), server.get("none")):
            tls.write(request)
            sock.sendall(going.read())
            text, taken = until(lambda: tls.read(65536))
            assert b'}' in text.split(b"\r\n\r\n", 1)[1], text
            assert len(taken) == 5 + int.from_bytes(taken[3:5], "big"), taken[:5]


def chunked(body, size, ends=b"0\r\n\r\n"):
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + ends


@claim
def chunked_bodies_are_read_in_pieces_of_any_size(place):
    body = b'{"location": "usgovvirginia", "tags": {"a": "b"}}'
    with Served(place).sign_in() as server, server.plain() as line:
        for size in (1, 7, 4096):
            head = server.head("PUT", f"{GROUPS}/c{size}{VERSION}",
                               "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n")
            data = head + chunked(body, size)
            for at in range(0, len(data), 50):
                line.send(data[at:at + 50])
            reply = line.reply()
            assert reply.status == 201 and reply.json()["tags"] == {"a": "b"}, reply
        line.send(server.head("PUT", f"{GROUPS}/bad{VERSION}", "Transfer-Encoding: chunked\r\n") + b"zz\r\n{}\r\n0\r\n\r\n")
        try:
            assert line.reply().status == 400
        except (EOFError, ConnectionError):
            pass
        server.is_up()


@claim
def who_expects_100_continue_gets_it_before_the_body(place):
    body = b'{"location": "usgovvirginia"}'
    with Served(place).sign_in() as server, server.tls() as line:
        head = server.head("PUT", f"{GROUPS}/x{VERSION}", "Content-Type: application/json\r\nExpect: 100-continue\r\n"
                           f"Content-Length: {len(body)}\r\n")
        line.send(head)
        assert line.sock.recv(1000).startswith(b"HTTP/1.1 100 ")
        line.send(body)
        assert line.reply().status == 201
        too_big = head.replace(b"Length: %d" % len(body), b"Length: 99999999")
        line.send(too_big)
        said = line.sock.recv(1000)
        assert b" 100 " not in said and b" 413 " in said, said
        server.ask(head.replace(b"100-continue", b"miracles")).is_error(417, "Expect")


@claim
def head_has_no_body_and_http_1_0_no_second_request(place):
    with Served(place).sign_in() as server, server.plain() as line:
        line.send(server.put("h"))
        line.reply()
        line.send(server.head("HEAD", f"{GROUPS}/h{VERSION}") + server.get("h"))
        assert line.reply(has_body=False).status == 204
        assert line.reply().json()["name"] == "h"
        line.send(server.get("h").replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert line.reply().status == 200 and line.is_closed()


@claim
def head_tells_the_length_of_what_a_get_would_be(place):
    with Served(place).sign_in() as server, server.plain() as line:
        for target in (METADATA, f"{GROUPS}/absent{VERSION}"):
            line.send(server.head("GET", target))
            told = line.reply()
            line.send(server.head("HEAD", target) + server.head("GET", target))
            head = line.reply(has_body=False)
            assert head.status == told.status and head.headers["content-length"] == told.headers["content-length"], (head, told)
            assert int(head.headers["content-length"]) > 0 and line.reply().status == told.status
        line.send(server.head("HEAD", METADATA, host="a b") + server.get("x"))
        assert int(line.reply(has_body=False).headers["content-length"]) > 0 and line.is_closed()


@claim
def what_could_be_read_in_two_ways_is_refused_and_the_connection_closed(place):
    with Served(place).sign_in() as server:
        good = server.put("smuggled", b"{}")
        smuggled = server.get("smuggled")
        bad = {
            "both lengths": good.replace(b"Content-Length: 2", b"Content-Length: 2\r\nTransfer-Encoding: chunked"),
            "two lengths": good.replace(b"Content-Length: 2", b"Content-Length: 2\r\nContent-Length: 2"),
            "two that differ": good.replace(b"Content-Length: 2", b"Content-Length: 2\r\ncontent-length: 90"),
            "another encoding": good.replace(b"Content-Length: 2", b"Transfer-Encoding: gzip, chunked"),
            "two encodings": good.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
            "two hosts": good.replace(b"Host: ", b"Host: localhost\r\nHost: "),
            "no host": good.replace(b"Host: ", b"X-Host: "),
            "an empty host": good.replace(b"Host: ", b"Host: \r\nX-Host: "),
            "a host that is none": good.replace(b"Host: ", b"Host: local/host@"),
        }
        for name, data in bad.items():
            with server.plain() as line:
                line.send(data + smuggled)
                reply = line.reply().is_error(501 if name.endswith("encoding") else 400)
                assert reply.headers["connection"] == "close" and line.rest == b"" and line.is_closed(), (name, reply)
            server.ask(server.get("smuggled")).is_error(404)
        for length in (b"2, 2", b"+2", b"-2", b"0x2", b"", b"99999999999999999999999"):  # libmicrohttpd's own words
            with server.plain() as line:
                line.send(good.replace(b"Length: 2", b"Length: " + length) + smuggled)
                said = line.everything()
                assert re.match(rb"HTTP/1.1 (400|413) ", said) and b"ResourceGroupNotFound" not in said, (length, said)
            server.ask(server.get("smuggled")).is_error(404)


@claim
def unknown_methods_and_targets_are_refused(place):
    with Served(place).sign_in() as server:
        for method in ("OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 300):
            reply = server.ask(server.head(method, GROUPS + VERSION)).is_error(405, "MethodNotAllowed")
            assert "PATCH" in reply.headers["allow"], reply
        for target in ("/..", "/a/../b", "/%2e%2e/b", "/a/%2E%2e", "/.", "/a/..%2f..%2fetc", "/a/..%5c..%5cb", "/a/./b"):
            server.ask(server.head("GET", target + VERSION)).is_error(400, "InvalidRequestUri")
        for target in ("nothing", "*", "ftp://localhost/a", "?a=b"):
            server.ask(server.head("GET", target)).is_error(400, "InvalidRequestUri")
        for target in ("/%00", "/a%0d%0aX: y", "/%ff%fe"):
            server.ask(server.head("GET", target + VERSION)).is_error(400, "InvalidRequestUri")
        server.ask(server.head("GET", GROUPS + VERSION, host="example.com")).is_error(404, "example.com")
        absolute = server.head("GET", f"http://localhost:{server.http_port}{METADATA}", host="other")
        assert server.ask(absolute).status == 200


@claim
def dots_in_names_are_no_traversal(place):
    with Served(place).sign_in() as server:
        for name in ("a.b", "a..b", ".hidden"):
            reply = server.ask(server.put(name))
            assert reply.status == 201 and reply.json()["name"] == name, reply


@claim
def heads_have_a_limit(place):
    with Served(place).sign_in() as server:
        assert server.ask(server.get("x", f"X-A: {'a' * 8000}\r\n")).status == 404
        server.ask(server.get("x", f"X-A: {'a' * 17000}\r\n")).is_error(431, "16 kB")
        many = "".join(f"X{i}: y\r\n" for i in range(130))
        server.ask(server.get("x", many)).is_error(431, "128")
        server.ask(server.head("GET", "/subscriptions/" + "a" * 17000)).is_error(414)
        server.ask(server.head("GET", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/" + "a" * 5000 + VERSION)).is_error(414)
        for data in (server.get("x", f"X-A: {'a' * 60000}\r\n"), server.head("GET", "/" + "a" * 60000),
                     server.get("x", "X: y\r\n" * 20000), b"G" * 200000):
            with server.plain() as line:
                try:
                    line.send(data)
                    reply = line.reply()
                    assert 400 <= reply.status < 500, reply
                except (EOFError, ConnectionError):
                    pass
                assert line.is_closed()
        server.is_up()


@claim
def bodies_have_a_limit_of_4_mb(place):
    tags = {"location": "usgovvirginia"}
    with Served(place).sign_in() as server:
        just = b'{"location": "usgovvirginia"' + b" " * (4 * MB - 29) + b"}"
        assert len(just) == 4 * MB and tags
        assert server.ask(server.put("big", just), tls=True).status == 201
        with server.plain() as line:  # told by its length: nothing of it is read
            line.send(server.put("bigger", b"", f"X: y\r\n").replace(b"Content-Length: 0", b"Content-Length: %d" % (4 * MB + 1)))
            line.reply().is_error(413, "RequestContentTooLarge", "4 MB")
            assert line.is_closed()
        head = server.head("PUT", f"{GROUPS}/bigger{VERSION}", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n")
        server.ask(head + chunked(just + b"  ", 60000)).is_error(413, "RequestContentTooLarge")
        with server.plain() as line:  # without an end it is cut off
            try:
                line.send(head)
                for _ in range(80):
                    line.send(b"100000\r\n" + b" " * MB + b"\r\n")
                assert False, "80 MB were read"
            except (ConnectionError, socket.timeout):
                pass
        server.ask(server.get("bigger")).is_error(404)
        server.is_up()


@claim
def bodies_that_are_no_json_are_refused_as_arm_does(place):
    good = b'{"location": "usgovvirginia"}'
    with Served(place).sign_in() as server:
        bad = [b"{", b"null", b"[]", b'"text"', b"\xef\xbb\xbf" + good, good.decode().encode("utf-16"), b"\x00" + good,
               b"\xff\xfe\xfd", b'{"location": "\xc3\x28"}', b"<html></html>", b"[" * 100000, b'{"location": 7}', b"{}{}"]
        for body in bad:
            server.ask(server.put("bad", body)).is_error(400)
        server.ask(server.put("bad", b"")).is_error(400)
        for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            server.ask(server.put("bad", good, f"Content-Type: {kind}\r\n")).is_error(415, "UnsupportedMediaType", kind.split(";")[0])
        server.ask(server.put("bad", good, "Content-Encoding: gzip\r\n")).is_error(415, "Content-Encoding")
        server.ask(server.get("bad")).is_error(404)
        for kind in ("application/json", "APPLICATION/JSON", "application/json; charset=utf-8"):
            assert server.ask(server.put("good", good, f"Content-Type: {kind}\r\n")).status in (200, 201)


@claim
def a_client_that_closed_its_own_half_is_answered(place):
    with Served(place).sign_in() as server:
        for data, status in ((server.put("half"), 201), (server.get("half"), 200)):
            with server.plain() as line:
                line.send(data)
                line.sock.shutdown(socket.SHUT_WR)
                assert line.reply().status == status and line.is_closed()
        with server.plain() as line:
            line.send(server.put("cut")[:-5])
            line.sock.shutdown(socket.SHUT_WR)
            assert line.is_closed()
        server.ask(server.get("cut")).is_error(404)


@claim
def what_is_no_http_and_no_tls_disturbs_nobody(place):
    with Served(place).sign_in() as server:
        dice = random.Random(7)
        good = [server.put("fuzz"), server.get("fuzz"), server.head("PUT", f"{GROUPS}/fuzz{VERSION}",
                                                                   "Transfer-Encoding: chunked\r\n") + chunked(b"{}", 1)]
        for round_ in range(300):
            data = bytearray(dice.choice(good))
            for _ in range(dice.randrange(1, 6)):
                at = dice.randrange(len(data))
                data[at:at + dice.randrange(3)] = dice.choice([b"", b"\0", b"\r", b"\n", b"\r\n", b" ", b":", bytes([dice.randrange(256)])])
            with server.plain(timeout=2) as line:
                line.send(bytes(data))
                line.sock.shutdown(socket.SHUT_WR)
                assert line.is_closed(4), (round_, bytes(data))
        for data in (b"GET / HTTP/1.1\r\n\r\n", bytes(dice.randrange(256) for _ in range(3000)), b"\x16\x03\x01\x02\x00\x01", b""):
            with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
                assert ends(sock, data), data
        server.is_up()
        assert server.ask(server.head("GET", METADATA, token=""), tls=True).status == 200


def ends(sock, data):
    """Whether the server closes after the data, in whatever way."""
    try:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass
        return True
    except socket.timeout:
        return False
    except OSError:
        return True


@claim
def only_tls_1_2_and_1_3_are_spoken(place):
    with Served(place) as server:
        for version, is_fine in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
            context = ssl.create_default_context(cafile=server.about["caFile"])
            context.set_ciphers("DEFAULT@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
                try:
                    context.wrap_socket(sock, server_hostname="localhost").close()
                    assert is_fine, version
                except (ssl.SSLError, OSError):
                    assert not is_fine, version


main(collect(globals()))
