#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signing.py PROGRAM SOURCE: signing in to a served cloud, in each way, and being refused."""
import base64
import json
import os
import ssl
import subprocess
import time
import urllib.parse
import urllib.request

from served import Served
from tap import claim, collect, main

SECRET = "not-the-secret-3fd9"
# An az that gives each audience's token.
AZ_FOR_EACH = """file=ANSWER
for word in "$@"; do case "$word" in https://*graph*) file=PLACE/graph ;; https://*vault*) file=PLACE/vault ;; esac; done
cat "$file"
"""


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


def variables_for(place, server, method):
    """What 'cloud env --auth METHOD' tells a shell, without what it says of the others."""
    told = place.run("cloud", "env", "--auth", method, "--state", "cloud", "-o", "json", "spec.yaml").works().json()["variables"]
    names = ("AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT", "IDENTITY_HEADER")
    text = place.run("cloud", "env", "--auth", method, "--state", "cloud", "spec.yaml").works("unset AZURE_CLIENT_SECRET").out
    assert ("export AZURE_CLIENT_SECRET=" in text) == (method == "secret"), text
    assert told["AZURE_CLIENT_ID"] == server.environment()["AZURE_CLIENT_ID"]
    return {**({} if method == "secret" else without_secret()), **{name: told[name] for name in names if name in told}}


@claim
def all_five_ways_lead_to_the_same_plan(place):
    place.spec(hosts=2)
    place.run("cloud", "env", "--auth", "certificate", "--state", "cloud", "spec.yaml").fails(5, "no cloud was served")
    with Served(place, "--state", "cloud"):
        place.run("cloud", "env", "--auth", "certificate", "--state", "cloud", "spec.yaml").fails(5, "by 'certificate'", "--credentials")
    with Served(place, "--state", "cloud", "--credentials") as server:
        about = server.about["applications"][0]
        for file in (about["certificateFile"], about["federatedTokenFile"], about["secretFile"]):
            assert os.stat(file).st_mode & 0o777 == 0o600, file
        env = {method: variables_for(place, server, method) for method in ("secret", "certificate", "federated", "managed-identity")}
        place.write("answer", json.dumps({"accessToken": token_of(server), "tokenType": "Bearer"}))
        env["cli"] = make_az(place, AZ_FOR_EACH.replace("ANSWER", place.path("answer")).replace("PLACE", place.folder))
        for name, audience in (("graph", "https://graph.microsoft.us"), ("vault", "https://vault.usgovcloudapi.net")):
            place.write(name, json.dumps({"accessToken": token_of(server, audience), "tokenType": "Bearer"}))
        plans = []
        for method, variables in env.items():
            server.run("login", "status", "spec.yaml", env=variables).works(f"signed in by '{method}'", "yes  build")
            plans.append(server.run("plan", "--live", "--auth", method, "spec.yaml", env=variables).works("72 to create").out)
        assert len(plans) == 5 and len(set(plans)) == 1
        first = place.read(about["certificateFile"])
    # They are made once: who trusts a certificate goes on trusting it.
    with Served(place, "--state", "cloud") as server:
        assert place.read(server.about["applications"][0]["certificateFile"]) == first
        server.run("login", "status", "spec.yaml", env=env["certificate"]).works("signed in by 'certificate'")
        server.run("login", "status", "spec.yaml", env=env["federated"]).works("signed in by 'federated'")


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *words], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_certificate(place, name, days):
    """A key with a certificate of it, in one file; below 0 days it has run out."""
    key, request = place.path(name + ".key"), place.path(name + ".csr")
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-subj", "/CN=deployer", "-out", request)
    certificate = openssl("x509", "-req", "-in", request, "-signkey", key, "-days", str(days)).decode()
    place.write(name + ".pem", place.read(name + ".key") + certificate)
    return place.path(name + ".pem"), certificate


@claim
def a_certificate_that_does_not_fit_is_told_in_one_message(place):
    place.spec(hosts=2)
    with Served(place, "--state", "cloud", "--credentials") as server:
        own = place.read(server.about["applications"][0]["certificateFile"])
        stranger, certificate = make_certificate(place, "stranger", 2)
        expired, _ = make_certificate(place, "expired", -1)
        files = {"mixed.pem": own.split("-----BEGIN CERTIFICATE-----")[0] + certificate, "text.pem": "no certificate\n",
                 "key.pem": own.split("-----BEGIN CERTIFICATE-----")[0]}
        for name, text in files.items():
            place.write(name, text)
        for file, status, words in ((stranger, 16, ("AADSTS700027", "not registered")), (expired, 16, ("ran out at", "make a new one")),
                                    ("mixed.pem", 4, ("not that of the certificate",)), ("text.pem", 4, ("AZURE_CLIENT_CERTIFICATE_PATH",)),
                                    ("key.pem", 4, ("AZURE_CLIENT_CERTIFICATE_PATH",)), ("none.pem", 5, ("AZURE_CLIENT_CERTIFICATE_PATH",))):
            result = server.run("plan", "--live", "spec.yaml", env=without_secret(AZURE_CLIENT_CERTIFICATE_PATH=file))
            result.fails(status, *words)
            assert "PRIVATE KEY" not in result.err + result.out and not place.has_state()


@claim
def a_federated_token_that_does_not_fit_is_told_in_one_message(place):
    place.spec(hosts=2)
    with Served(place, "--state", "cloud", "--credentials") as server:
        file = server.about["applications"][0]["federatedTokenFile"]
        head, body, _ = place.read(file).strip().split(".")
        claims = json.loads(base64.urlsafe_b64decode(body + "=="))
        key = os.path.join(os.path.dirname(file), "issuer.key")

        def token(**changed):
            part = base64.urlsafe_b64encode(json.dumps({**claims, **changed}).encode()).rstrip(b"=").decode()
            signature = openssl("dgst", "-sha256", "-sign", key, data=f"{head}.{part}".encode())
            return f"{head}.{part}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

        for text, status, words in ((token(sub="redoubt:reader"), 16, ("AADSTS700213", "redoubt:reader")),
                                    (token(iss="https://elsewhere.example"), 16, ("AADSTS700211", "elsewhere.example")),
                                    (token(aud="api://another"), 16, ("AADSTS700212", "api://another")),
                                    (token(exp=claims["iat"] - 10), 16, ("AADSTS700024",)),
                                    (token()[:-8] + "AAAAAAAA", 16, ("AADSTS50013", "hint: have the issuer")), ("nothing of the kind", 16, ("AADSTS50027", "one JWT")),
                                    ("", 4, ("AZURE_FEDERATED_TOKEN_FILE", "empty"))):
            place.write("token", text)
            result = server.run("plan", "--live", "spec.yaml", env=without_secret(AZURE_FEDERATED_TOKEN_FILE="token"))
            result.fails(status, *words)
            assert not text or text.split(".")[-1] not in result.err + result.out
        place.write("token", token())
        server.run("login", "status", "spec.yaml", env=without_secret(AZURE_FEDERATED_TOKEN_FILE="token")).works("signed in by 'federated'")


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
