#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian 12's azure-cli (2.45.0) beside Debian 12's SDKs (python3-azure 20230112). The CLI asks for a
compute API that this package lacks, looks for the network SDK below a version that it no longer has,
and for an attribute that the authorization SDK has since hidden. In this process alone the CLI is told
what is there; the requests are its own. Its commands for keys and secrets need an SDK that Debian does
not ship, and stay broken."""
import importlib
import os
import runpy
import sys
import types

from azure.cli.core.profiles import _shared as profiles

LATEST = profiles.AZURE_API_PROFILES["latest"]
KINDS = profiles.ResourceType


class Alias(types.ModuleType):
    """A name for another module, which is loaded once it is looked into."""

    def __init__(self, name, real):
        super().__init__(name)
        self.__dict__["real"] = real
        self.__path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__dict__["real"]), name)


def point_compute_at(version):
    groups = dict(LATEST[KINDS.MGMT_COMPUTE].profile)
    groups["virtual_machine_scale_sets"] = version
    LATEST[KINDS.MGMT_COMPUTE] = profiles.SDKProfile(version, groups)


def point_network_at(version):
    LATEST[KINDS.MGMT_NETWORK] = version
    name = f"azure.mgmt.network.v{version.replace('-', '_')}.operations"
    sys.modules[name] = Alias(name, "azure.mgmt.network.operations")


def show_configuration():
    """`operations.config`, which became `operations._config`."""
    profile = LATEST[KINDS.MGMT_AUTHORIZATION]
    for version in {profile.default_api_version, *profile.profile.values()}:
        name = f"azure.mgmt.authorization.v{version.replace('-', '_')}.operations"
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        for value in vars(module).values():
            if isinstance(value, type) and not hasattr(value, "config"):
                value.config = property(lambda self: self._config)


point_compute_at("2022-08-01")
point_network_at("2022-07-01")
if "role" in sys.argv or "--role" in sys.argv:
    show_configuration()
os.environ["AZ_INSTALLER"] = "DEB"
sys.argv[0] = "az"
runpy.run_module("azure.cli", run_name="__main__")
