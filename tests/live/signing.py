#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signing.py PROGRAM SOURCE: signing in to a served cloud, in each way, and being refused."""
import json
import os
import ssl
import time
import urllib.parse
import urllib.request

from served import Served
from tap import claim, collect, main

SECRET = "not-the-secret-3fd9"


def token_of(server, audience="https://management.usgovcloudapi.net"):
    env = server.environment()
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": env["AZURE_CLIENT_ID"],
                                   "client_secret": env["AZURE_CLIENT_SECRET"], "scope": audience + "/.default"}).encode()
    context = ssl.create_default_context(cafile=server.about["caFile"])
    url = f"{server.about['url']}/{server.about['tenant']}/oauth2/v2.0/token"
    with urllib.request.urlopen(url, form, context=context) as reply:
        return json.load(reply)["access_token"]


def without_secret(**more):
    return {"AZURE_CLIENT_SECRET": None, **more}


@claim
def login_status_tells_who_where_until_when_and_what(place):
    place.spec()
    with Served(place, "--state", "cloud") as server:
        result = server.run("login", "status", "spec.yaml").works(
            "application", "signed in by 'secret'", server.about["tenant"], server.about["url"], "AzureUSGovernment", "yes  look",
            "yes  build", "yes  assign roles")
        assert server.environment()["AZURE_CLIENT_SECRET"] not in result.out + result.err
        told = server.run("login", "status", "-o", "json", "spec.yaml").works().json()
        assert told["applicationId"] == server.environment()["AZURE_CLIENT_ID"] and told["method"] == "secret"
        assert told["subscriptions"][0]["look"] == {"allowed": True}
        assert not place.has_state()
        # Without a spec the environment may name the subscription.
        os.rename(place.path("spec.yaml"), place.path("away.yaml"))
        server.run("login", "status").works("AZURE_SUBSCRIPTION_ID")
        server.run("login", "status", env={"AZURE_SUBSCRIPTION_ID": server.about["subscriptions"][0]}).works("yes  look")


@claim
def a_wrong_secret_is_refused_in_one_message_that_does_not_hold_it(place):
    place.spec()
    with Served(place, "--state", "cloud") as server:
        for words in (("login", "status"), ("plan", "--live"), ("up", "--live", "--yes")):
            result = server.run(*words, "spec.yaml", env={"AZURE_CLIENT_SECRET": SECRET})
            result.fails(16, "AADSTS7000215", "hint:")
            assert SECRET not in result.err + result.out
        assert not place.has_state()


@claim
def without_anything_to_sign_in_with_every_way_is_named(place):
    place.spec()
    with Served(place, "--state", "cloud") as server:
        nothing = without_secret(PATH=place.folder)
        server.run("plan", "--live", "spec.yaml", env=nothing).fails(
            16, "AZURE_CLIENT_SECRET is not set", "AZURE_CLIENT_CERTIFICATE_PATH is not set", "AZURE_FEDERATED_TOKEN_FILE is not set",
            "managed-identity", "'az' is not in PATH", "az login")
        server.run("plan", "--live", "--auth", "federated", "spec.yaml", env=nothing).fails(16, "AZURE_FEDERATED_TOKEN_FILE")


@claim
def the_machine_s_identity_signs_in(place):
    place.spec()
    with Served(place, "--state", "cloud", "--http-port", "0") as server:
        for url in (server.about["url"], server.about["httpUrl"]):
            for env in ({"IDENTITY_ENDPOINT": url + "/msi/token", "IDENTITY_HEADER": "x"}, {"MSI_ENDPOINT": url + "/msi/token"},
                        {"MSI_ENDPOINT": url + "/msi/token", "MSI_SECRET": "y"}):
                server.run("login", "status", "spec.yaml", env=without_secret(**env)).works("signed in by 'managed-identity'", "yes  look")


def make_az(place, script):
    os.makedirs(place.path("bin"), exist_ok=True)
    place.write("bin/az", "#!/bin/sh\n" + script)
    os.chmod(place.path("bin/az"), 0o755)
    return without_secret(PATH=place.path("bin") + ":" + os.environ["PATH"])


@claim
def azure_cli_s_own_login_signs_in_and_its_words_are_not_shown(place):
    place.spec(hosts=2)
    with Served(place, "--state", "cloud") as server:
        answer = json.dumps({"accessToken": token_of(server), "tokenType": "Bearer"})
        place.write("answer", answer)
        env = make_az(place, f'echo "$@" >>{place.path("asked")}\ncat {place.path("answer")}\necho private words >&2\n')
        result = server.run("login", "status", "spec.yaml", env=env).works("signed in by 'cli'", "yes  look")
        assert "private words" not in result.err
        asked = place.read("asked").split()
        assert asked[:2] == ["account", "get-access-token"] and server.about["tenant"] in asked, asked
        env = make_az(place, "echo \"ERROR: Please run 'az login' to setup account. secret-thing\" >&2\nexit 1\n")
        result = server.run("plan", "--live", "spec.yaml", env=env).fails(16, "Azure CLI", "az login")
        assert "secret-thing" not in result.err
        env = make_az(place, "echo nothing of the kind\n")
        server.run("plan", "--live", "spec.yaml", env=env).fails(19, "Azure CLI", "no token")


@claim
def a_live_run_asks_before_it_writes(place):
    place.spec(hosts=2)
    with Served(place, "--state", "cloud") as server:
        server.run("up", "--live", "spec.yaml").fails(3, "no terminal", "--yes")
        server.run("apply", "--live", "spec.yaml").fails(3, "no terminal", "--yes")
        server.run("plan", "--live", "spec.yaml").works("72 to create")


@claim
def options_of_one_cloud_are_refused_for_the_other(place):
    place.spec(hosts=2)
    for words in (("--fault", "quota"), ("--clock", "virtual"), ("--speed", "2"), ("--seed", "3")):
        place.run("plan", "--live", *words, "spec.yaml").fails(3, words[0], "--live")
    for words in (("--auth", "cli"), ("--ca-file", "x.pem"), ("--cloud-metadata", "https://localhost")):
        place.run("plan", *words, "spec.yaml").fails(3, words[0], "--live")
    place.run("plan", "--live", "--auth", "sekret", "spec.yaml").fails(3, "did you mean 'secret'?")


@claim
def metadata_that_is_none_is_told(place):
    place.spec(hosts=2)
    with Served(place, "--state", "cloud") as server:
        url = server.about["url"]
        first = f"{url}/metadata/endpoints?api-version=2015-01-01"
        server.run("plan", "--live", "spec.yaml", env={"REDOUBT_METADATA": first}).fails(4, "vaults", "2022-09-01")
        server.run("login", "status", "spec.yaml", env={"REDOUBT_METADATA": first}).works(url)
        server.run("login", "status", "spec.yaml", env={"REDOUBT_METADATA": url}).works(url)
        server.run("plan", "--live", "spec.yaml", env={"REDOUBT_METADATA": url + "/subscriptions"}).fails(19, "status 401")
        server.run("plan", "--live", "spec.yaml", env={"REDOUBT_METADATA": "http://localhost:1"}).fails(3, "no https URL")
        place.write("empty.pem", "nothing")
        server.run("plan", "--live", "spec.yaml", env={"REDOUBT_CA_FILE": "empty.pem"}).fails(4, "no certificate")


@claim
def who_cannot_prove_to_be_the_cloud_is_told_at_once(place):
    place.spec(hosts=2)
    with Served(place, "--state", "cloud") as server:
        host = server.about["url"].replace("https://", "")
        start = time.monotonic()
        server.run("plan", "--live", "spec.yaml", env={"REDOUBT_CA_FILE": None}).fails(
            23, f"the certificate of '{host}' is not trusted", "--ca-file")
        with Served(place, "--state", "other") as other:
            server.run("plan", "--live", "spec.yaml", env={"REDOUBT_CA_FILE": other.about["caFile"]}).fails(
                23, f"'{host}' is not trusted", other.about["caFile"], "--ca-file")
        elsewhere = server.about["url"].replace("localhost", "elsewhere.localhost")
        server.run("login", "status", "spec.yaml", env={"REDOUBT_METADATA": elsewhere}).fails(
            23, f"'{elsewhere.replace('https://', '')}' is for another name", "check the address")
        assert time.monotonic() - start < 20


main(collect(globals()))
