#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lives.py PROGRAM SOURCE: a served cloud over time: slow and silent clients, thousands of them, many at
once, its memory, its clocks, its end, and its next life."""
import re
import resource
import signal
import socket
import threading
import time

from served import GROUPS, IS_SANITIZED, METADATA, SUBSCRIPTION, VERSION, Served
from tap import claim, collect, main

FAST = ["--speed", "100000"]  # so that no throttle of Azure's stands in the way


@claim
def slow_and_silent_clients_are_let_go_and_hold_up_nobody(place):
    with Served(place, "--idle", "1").sign_in() as server:
        silent, slow_head, slow_body, stuck = (server.plain() for _ in range(4))
        never_shakes = socket.create_connection(("127.0.0.1", server.port), 20)
        head = server.put("slow")
        slow_body.send(head[:-20])
        stuck.send(head[:-20])
        start = time.monotonic()
        drip = {slow_head: head, slow_body: b" " * 100}
        ended = {}
        while drip and time.monotonic() - start < 15:
            time.sleep(0.3)
            for line in list(drip):
                try:
                    line.send(drip[line][:1])
                    drip[line] = drip[line][1:]
                except ConnectionError:
                    ended[line] = time.monotonic() - start
                    del drip[line]
            server.is_up()
        assert not drip and all(3 < seconds < 10 for seconds in ended.values()), (drip, ended)
        for line in (silent, stuck):
            assert line.is_closed(5)
        never_shakes.settimeout(5)
        while never_shakes.recv(100):  # an alert may come first
            pass
        server.ask(server.get("slow")).is_error(404)


@claim
def ten_thousand_idle_connections_leave_it_answering(place):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(2000 if IS_SANITIZED else 10000, hard - 300)
    with Served(place) as server:
        server.is_up()
        before = server.memory_mb()
        lines = [server.plain() for _ in range(count)]
        lines[-1].send(server.head("GET", METADATA, token=""))
        assert lines[-1].reply().status == 200
        for line in (lines[0], lines[count // 2]):
            line.send(server.head("GET", METADATA, token=""))
            assert line.reply().status == 200
        server.is_up()
        assert server.ask(server.head("GET", METADATA, token=""), tls=True).status == 200
        grown = server.memory_mb() - before
        print(f"# {count} idle connections of {hard} descriptors took {grown:.1f} MB")
        assert IS_SANITIZED or grown < 120, grown
        for line in lines:
            line.close()
        server.is_up()


@claim
def a_reader_gets_403_for_what_it_may_not_do(place):
    with Served(place, *FAST).sign_in() as server:
        assert server.ask(server.put("mine")).status == 201
        server.sign_in(1)
        assert server.ask(server.get("mine")).status == 200
        reply = server.ask(server.put("other"))
        reply.is_error(403, "AuthorizationFailed", "'Microsoft.Resources/subscriptions/resourcegroups/write'",
                       f"over scope '{GROUPS}/other'")
        assert reply.headers["x-ms-failure-cause"] == "gateway", reply
        server.ask(server.head("DELETE", f"{GROUPS}/mine{VERSION}")).is_error(403, "resourcegroups/delete'")
        server.ask(server.get("absent")).is_error(404)
        server.sign_in(0)
        assert server.ask(server.get("mine")).status == 200


def in_threads(count, work):
    """Runs work(number) in threads; fails with the first failure."""
    failures = []

    def run(number):
        try:
            work(number)
        except Exception as error:  # told by the claim
            failures.append(error)
    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@claim
def several_clients_at_once_lose_and_double_nothing(place):
    with Served(place, *FAST).sign_in() as server:
        def client(number):
            with server.tls() if number % 2 else server.plain() as line:
                for item in range(25):
                    line.send(server.put(f"c{number}-{item}"))
                    assert line.reply().status == 201
                    line.send(server.get(f"c{number}-{item}"))
                    assert line.reply().json()["name"] == f"c{number}-{item}"
        in_threads(8, client)
        names = []
        target = GROUPS + VERSION
        while target:
            page = server.ask(server.head("GET", target)).json()
            names += [group["name"] for group in page["value"]]
            target = page.get("nextLink")
        assert sorted(names) == sorted(f"c{n}-{i}" for n in range(8) for i in range(25)), len(names)


@claim
def a_request_is_carried_out_once_whoever_asks_first(place):
    with Served(place, *FAST).sign_in() as server:
        statuses = []

        def client(_):
            with server.plain() as line:
                line.send(server.put("shared"))
                statuses.append(line.reply().status)
        in_threads(12, client)
        assert sorted(statuses) == [200] * 11 + [201], statuses


@claim
def memory_stays_flat_over_many_requests_and_bodies(place):
    with Served(place, *FAST).sign_in() as server:
        big = b'{"location": "usgovvirginia"' + b" " * (2 << 20) + b"}"

        def burst(rounds):
            def client(number):
                with server.tls() if number % 2 else server.plain() as line:
                    for item in range(rounds):
                        line.send(server.put(f"m{number}", big if item % 20 == 0 else None))
                        assert line.reply().status in (200, 201)
                        line.send(server.get(f"m{number}"))
                        assert line.reply().status == 200
            in_threads(4, client)
        burst(100)
        before = server.memory_mb()
        burst(100 if IS_SANITIZED else 1000)
        after = server.memory_mb()
        print(f"# {before:.1f} MB, then {after:.1f} MB")
        assert IS_SANITIZED or after < before * 1.15 + 4, (before, after)


@claim
def told_to_stop_it_answers_what_is_under_way_and_keeps_what_it_said(place):
    for number in (signal.SIGTERM, signal.SIGINT):
        server = Served(place, *FAST, state=f"state-{number}").sign_in()
        made = [[] for _ in range(6)]
        cut = []

        def client(which):
            with server.tls() if which % 2 else server.plain() as line:
                for item in range(100000):
                    name = f"s{which}-{item}"
                    try:
                        line.send(server.put(name))
                        reply = line.reply()
                    except (EOFError, OSError):
                        if line.rest:
                            cut.append(line.rest)
                        return
                    assert reply.status == 201, reply
                    made[which].append(name)
                    if reply.headers.get("connection") == "close":
                        return
        threads = [threading.Thread(target=client, args=(n,)) for n in range(6)]
        with server:
            for thread in threads:
                thread.start()
            with server.plain() as late:  # its body comes when the server has been told
                whole = server.put("late")
                late.send(whole[:-10])
                time.sleep(0.6)
                server.process.send_signal(number)
                time.sleep(0.2)
                late.send(whole[-10:])
                reply = late.reply()
                assert reply.status == 201 and reply.headers["connection"] == "close", reply
            server.process.wait(20)
            for thread in threads:
                thread.join()
        assert not cut and all(made), (cut, [len(m) for m in made])
        with Served(place, *FAST, state=f"state-{number}").sign_in() as again:
            for name in ["late"] + [name for names in made for name in (names[0], names[-1])]:
                assert again.ask(again.get(name)).status == 200, name


@claim
def idle_it_stops_at_once_and_a_second_signal_hurries_it(place):
    server = Served(place).sign_in()
    for data in (b"GET / HTTP/1.1\r\nHost: x", b"GET / HTTP/1.1\r\n", server.put("unfinished")[:-3]):
        for _ in range(20):  # whoever went away is not waited for
            with server.plain() as line:
                line.send(data)
    time.sleep(1.5)
    with server.plain():
        assert server.stop() < 2
    server = Served(place)
    with server.plain() as line:
        line.send(server.head("PUT", GROUPS, "Content-Length: 5\r\n"))
        time.sleep(0.3)
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(10)
        assert time.monotonic() - start < 5 and server.process.returncode == 0


@claim
def the_next_life_goes_on_with_the_same_state_and_authority(place):
    with Served(place).sign_in() as server:
        first = server.ask(server.put("kept")).json()
        with open(server.about["caFile"], "rb") as ca:
            authority = ca.read()
        about = server.about
    with Served(place).sign_in() as server:
        assert server.ask(server.get("kept"), tls=True).json() == first
        with open(server.about["caFile"], "rb") as ca:
            assert ca.read() == authority
        assert server.about["applications"] == about["applications"]
    with Served(place, state=None).sign_in() as server:  # in memory: nothing of it
        server.ask(server.get("kept")).is_error(404)


@claim
def a_killed_server_has_what_it_answered(place):
    with Served(place).sign_in() as server:
        assert server.ask(server.put("kept")).status == 201
        server.process.kill()
        server.process.wait()
        server.process.returncode = 0
    with Served(place).sign_in() as server:
        assert server.ask(server.get("kept")).status == 200


@claim
def without_a_token_there_is_nothing_to_see(place):
    with Served(place) as server:
        for token in ("", "embedded", "x.y.z"):
            reply = server.ask(server.head("GET", GROUPS + VERSION, token=token))
            assert reply.status == 401 and "www-authenticate" in reply.headers, reply
        server.is_up()


VNET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/n/providers/Microsoft.Network/virtualNetworks/v?api-version=2024-05-01"


def make_network(server):
    body = b'{"location": "usgovvirginia", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}'
    assert server.ask(server.put("n")).status == 201
    head = server.head("PUT", VNET, f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n",
                       host=f"localhost:{server.http_port}")
    return server.ask(head + body)


@claim
def on_a_real_clock_waits_are_told_as_azure_does(place):
    with Served(place).sign_in() as server:
        reply = make_network(server)
        assert reply.status == 201 and reply.headers["retry-after"].isdigit() and "retry-after-ms" not in reply.headers, reply
        follow = reply.headers["azure-asyncoperation"]
        assert follow.startswith(f"http://localhost:{server.http_port}/"), follow


@claim
def on_a_scaled_clock_waits_are_told_in_milliseconds_alone(place):
    with Served(place, "--speed", "500").sign_in() as server:
        reply = make_network(server)
        wait_ms = int(reply.headers["retry-after-ms"])
        assert "retry-after" not in reply.headers and 1 <= wait_ms < 1000, reply
        for _ in range(100):
            state = server.ask(server.head("GET", VNET)).json()["properties"]["provisioningState"]
            if state == "Succeeded":
                return
            time.sleep(0.05)
        assert False, state


@claim
def a_wait_that_azure_does_not_name_is_no_half_minute_on_a_scaled_clock(place):
    with Served(place, "--speed", "500").sign_in() as server:
        reply = server.ask(server.get("nothing"))
        assert reply.status == 404 and "retry-after-ms" not in reply.headers, reply
        reply = server.ask(server.put("here"))
        assert 1 <= int(reply.headers["retry-after-ms"]) <= 100, reply


@claim
def a_secret_of_the_server_cannot_be_taken_for_an_option(place):
    for number in range(4):
        with Served(place, state=f"state{number}") as server:
            for application in server.about["applications"]:
                with open(application["secretFile"], encoding="ascii") as secret:
                    assert re.match("[A-Za-f]", secret.read()), application["name"]  # "-" and "_" are base64url too


@claim
def on_a_virtual_clock_time_is_what_the_client_says_and_never_goes_back(place):
    with Served(place, "--clock", "virtual").sign_in() as server:
        reply = make_network(server)
        assert reply.headers["retry-after"].isdigit() and "retry-after-ms" not in reply.headers, reply

        def state(clock=None):
            more = "" if clock is None else f"Redoubt-Clock: {clock}\r\n"
            return server.ask(server.head("GET", VNET, more)).json()["properties"]["provisioningState"]
        time.sleep(0.2)
        assert state() != "Succeeded"
        later = int(time.time() * 1000) + 600000
        assert state(later) == "Succeeded"
        for wrong in ("x", "-1", "1e3", "99999999999999999999"):
            server.ask(server.head("GET", VNET, f"Redoubt-Clock: {wrong}\r\n")).is_error(400, "Redoubt-Clock")
        assert server.ask(server.head("GET", VNET, "Redoubt-Clock: 0\r\n")).status == 200


main(collect(globals()))
