#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""files.py PROGRAM SOURCE: what a served cloud leaves in its folder, what it tells shells, and what it
refuses to begin with."""
import json
import os
import socket
import ssl
import stat
import subprocess

from served import SUBSCRIPTION, TENANT, Served
from tap import PROGRAM, claim, collect, main


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@claim
def keys_and_secrets_are_for_their_owner_alone(place):
    old = os.umask(0)
    try:
        with Served(place) as server:
            folder = server.about["folder"]
            assert mode(folder) == 0o700
            for name in ("ca.key", "server.key", "deployer.secret", "reader.secret", "server.json"):
                assert mode(os.path.join(folder, name)) == 0o600, name
            secrets = [place.read(os.path.join(folder, name)) for name in ("deployer.secret", "reader.secret")]
            assert secrets[0] != secrets[1] and all(len(s) >= 32 and s.isascii() for s in secrets)
            said = json.dumps(server.about) + place.run("cloud", "env", "--state", "state").out
            assert not any(secret in said for secret in secrets)
            with open(place.path("state", "cloud.db"), "rb") as state:
                content = state.read()
            assert not any(secret.encode() in content for secret in secrets)
    finally:
        os.umask(old)


@claim
def the_certificate_is_for_this_machines_names_only(place):
    with Served(place) as server:
        for name in ("localhost", "kv1.vault.localhost", "hsm.managedhsm.localhost", "e.ingest.localhost",
                     "b.blob.localhost", "127.0.0.1", "::1"):
            server.tls(name).close()
        for name in ("example.com", "management.azure.com", "a.b.localhost", "127.0.0.2"):
            try:
                server.tls(name).close()
                assert False, name
            except ssl.CertificateError:
                pass
        der = ssl.PEM_cert_to_DER_cert(place.read(server.about["caFile"]))
        assert bytes.fromhex("0603551d1e") in der, "the authority has no name constraints (2.5.29.30)"


@claim
def a_server_key_that_is_missing_is_made_anew_and_the_authority_stays(place):
    with Served(place) as server:
        folder = server.about["folder"]
        before = {name: place.read(os.path.join(folder, name)) for name in os.listdir(folder) if name != "az"}
    os.remove(os.path.join(folder, "server.key"))
    with Served(place) as server:
        server.tls().close()
        for name in ("ca.pem", "ca.key", "deployer.secret"):
            assert place.read(os.path.join(folder, name)) == before[name], name
        assert place.read(os.path.join(folder, "server.pem")) != before["server.pem"]


SERVE = ["cloud", "serve", "--port", "0", "--state", "state"]


@claim
def a_folder_that_is_not_as_it_was_left_is_told(place):
    with Served(place) as server:
        folder = server.about["folder"]
    key, ca = (os.path.join(folder, name) for name in ("ca.key", "ca.pem"))
    os.chmod(key, 0o644)
    place.run(*SERVE).fails(9, "others may read the key", "chmod 600")
    os.chmod(key, 0o600)
    whole = place.read(ca)
    for broken in ("", "no PEM", whole[:200]):
        place.write(ca, broken)
        place.run(*SERVE).fails(9, "ca.pem", "hint: ")
    place.write(ca, whole)
    os.rename(key, key + ".old")
    place.run(*SERVE).fails(9, "ca.key")


@claim
def it_listens_on_this_machine_alone(place):
    for address in ("0.0.0.0", "::", "192.168.1.1", "10.0.0.1", "::ffff:127.0.0.1"):
        place.run(*SERVE, "--listen", address).fails(3, address, "not a loopback address", "hint: ")
    for address in ("example.com", "127.0.0", "[::1]"):
        place.run(*SERVE, "--listen", address).fails(3, address, "no address")
    with Served(place, "--listen", "127.0.0.2") as server:
        socket.create_connection(("127.0.0.2", server.port), 5).close()
        try:
            socket.create_connection(("127.0.0.1", server.port), 5).close()
            assert False, "127.0.0.1 is open too"
        except ConnectionRefusedError:
            pass


@claim
def what_is_taken_is_told_with_the_remedy(place):
    with Served(place) as server:
        place.run("cloud", "serve", "--port", str(server.port), "--state", "other").fails(22, str(server.port), "hint: another server")
        place.run(*SERVE).fails(8, "cloud serve")
        place.run("cloud", "serve", "--port", "65536").fails(3, "--port")
        place.run(*SERVE, "--fault", "nosuch").fails(3, "nosuch")
        place.run(*SERVE, "--clock", "scaled").fails(3, "--speed")
        place.run(*SERVE, "--clock", "virtual", "--speed", "5").fails(3, "--speed")
        place.run("cloud", "serve", "--cloud", "AzureGermany").fails(3, "AzureGermany")


@claim
def a_spec_says_which_cloud_and_the_state_beside_it_is_served(place):
    place.spec()
    place.up().works()
    with Served(place, "spec.yaml", state=None).sign_in() as server:
        about = server.about
        assert about["tenant"] == TENANT and about["subscriptions"] == [SUBSCRIPTION], about
        target = f"/subscriptions/{SUBSCRIPTION}/resources?api-version=2021-04-01"
        listed = server.ask(server.head("GET", target)).json()["value"]
        assert any(item["type"] == "Microsoft.Compute/virtualMachines" for item in listed), len(listed)
        place.run("plan", "spec.yaml").fails(8, "hint: ")
    place.is_settled()
    place.run("cloud", "serve", "--port", "0", "--cloud", "AzureCloud", "spec.yaml").fails(3, "'AzureUSGovernment'")


@claim
def a_shell_gets_what_its_clients_need(place):
    place.run("cloud", "env", "--state", "state").fails(5, "redoubt cloud serve")
    with Served(place) as server:
        about = server.about
        told = place.run("cloud", "env", "--state", "state").works("az cloud register", "az login --service-principal")
        place.write("env.sh", told.out)
        script = ". ./env.sh; env -0"
        done = subprocess.run(["bash", "-euc", script], cwd=place.folder, env={"PATH": os.environ["PATH"], "NO_PROXY": "x.y"},
                              stdout=subprocess.PIPE, check=True)
        env = dict(item.split("=", 1) for item in done.stdout.decode().split("\0") if item)
        assert env["AZURE_CLIENT_SECRET"] == place.read(about["applications"][0]["secretFile"])
        assert env["AZURE_AUTHORITY_HOST"] == about["url"] and env["AZURE_TENANT_ID"] == TENANT
        assert env["AZURE_CLIENT_ID"] == about["applications"][0]["clientId"] and env["AZURE_SUBSCRIPTION_ID"] == SUBSCRIPTION
        for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REDOUBT_CA_FILE"):
            assert env[name] == about["caFile"], name
        assert env["REDOUBT_METADATA"].startswith(about["url"] + "/metadata/endpoints?")
        assert env["NO_PROXY"].startswith("localhost,") and env["NO_PROXY"].endswith(",x.y")
        assert os.path.isdir(env["AZURE_CONFIG_DIR"])
        asked = subprocess.run(["curl", "-sf", "--cacert", env["SSL_CERT_FILE"], env["REDOUBT_METADATA"]], env=env,
                               stdout=subprocess.PIPE, check=True) if os.path.exists("/usr/bin/curl") else None
        assert asked is None or json.loads(asked.stdout)
        cloud = json.loads(place.read(os.path.join(about["folder"], "cloud.json")))
        assert cloud["endpoints"]["resourceManager"] == about["url"]
        assert cloud["endpoints"]["activeDirectory"] == about["url"] + "/adfs"
        assert cloud["suffixes"]["keyvaultDns"] == f".vault.localhost:{server.port}"


@claim
def a_folder_with_quotes_and_spaces_comes_through_the_shell(place):
    with Served(place, state="it's a \"state\" $HOME `x`") as server:
        place.write("env.sh", place.run("cloud", "env", "--state", "it's a \"state\" $HOME `x`").works().out)
        done = subprocess.run(["bash", "-euc", '. ./env.sh; printf %s "$SSL_CERT_FILE$AZURE_CLIENT_SECRET"'], cwd=place.folder,
                              stdout=subprocess.PIPE, check=True)
        about = server.about
        assert done.stdout.decode() == about["caFile"] + place.read(about["applications"][0]["secretFile"])


@claim
def commands_of_two_words_are_found_and_helped_with(place):
    for words in (["cloud"], ["help", "cloud"]):
        place.run(*words).works("cloud serve", "cloud env", "usage: redoubt cloud COMMAND")
    for words in (["cloud", "serve", "--help"], ["help", "cloud", "serve"], ["-q", "cloud", "-o", "text", "serve", "--help"]):
        place.run(*words).works("redoubt cloud serve - ", "--http-port N")
    place.run("help", "man", "cloud", "env").works(".TH REDOUBT\\-CLOUD\\-ENV 1")
    place.run("cloud", "serv").fails(3, "'cloud serv'", "did you mean 'redoubt cloud serve'?")
    place.run("cloud", "xyzzy").fails(3, "see 'redoubt cloud'")
    place.run("clod").fails(3, "unknown command 'clod'")
    place.run("serve").fails(3, "unknown command 'serve'")
    place.run("help", "cloud", "nosuch").fails(3)
    for shell in ("bash", "zsh", "fish"):
        place.run("help", f"completion-{shell}").works("cloud", "serve", "env", "http-port")
    script = place.run("help", "completion-bash").out
    place.write("complete.sh", script + """
complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _redoubt; echo "${COMPREPLY[*]}"; }
complete_words redoubt cl; complete_words redoubt cloud ''; complete_words redoubt cloud serve --http; complete_words redoubt plan --sav
""")
    done = subprocess.run(["bash", "complete.sh"], cwd=place.folder, stdout=subprocess.PIPE, check=True)
    assert done.stdout.decode().splitlines() == ["cloud", "serve env", "--http-port", "--save"], done.stdout
    assert PROGRAM


main(collect(globals()))
