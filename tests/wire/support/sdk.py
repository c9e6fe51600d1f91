# SPDX-License-Identifier: Apache-2.0
"""What the suites of tests/wire/python share beyond wire.py: one served cloud, one credential, clients
of the management plane, and refusals as the SDKs' own exceptions."""
import base64
import json
import time
import uuid

from wire import REGION, Cloud

from azure.core.exceptions import HttpResponseError
from azure.mgmt.resource import ResourceManagementClient

CLOUD = Cloud().trust()
CREDENTIAL = CLOUD.credential()
POLLS = {"polling_interval": 0.2}  # for services that tell no Retry-After


def client(kind, **more):
    return CLOUD.manage(kind, CREDENTIAL, **more)


RESOURCES = client(ResourceManagementClient)


def group(name):
    assert RESOURCES.resource_groups.create_or_update(name, {"location": REGION}).name == name
    return name


def names(pages):
    return sorted(item.name.rsplit("/", 1)[-1] for item in pages)


def fails(kind, code, action):
    """It raises exactly this exception with Azure's own code."""
    try:
        action()
    except HttpResponseError as error:
        assert type(error) is kind, repr(error)
        told = error.error.code if error.error is not None else ""
        assert code in (told or str(error)), (code, told, str(error))
        return error
    raise AssertionError(f"it worked, without {code}")


def until(ask, holds, seconds=20):
    """Asks again until it holds: what Azure does after it has answered."""
    end = time.monotonic() + seconds
    while True:
        try:
            value = ask()
            if holds(value):
                return value
        except HttpResponseError as error:
            value = error
        assert time.monotonic() < end, f"it did not come within {seconds} s: {value!r}"
        time.sleep(0.1)


def object_id():
    """Of the application that CREDENTIAL is."""
    part = CREDENTIAL.get_token("https://management.core.usgovcloudapi.net/.default").token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["oid"]


def grant(scope, role, principal):
    """A role assignment by its id, written as any resource. In force after 10 minutes of the cloud's."""
    definition = f"{CLOUD.scope}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    RESOURCES.resources.begin_create_or_update_by_id(
        f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", "2022-04-01",
        {"properties": {"roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal"}}).result()
