# SPDX-License-Identifier: BSD-2-Clause
"""What tests of PPP share, since a machine takes long to start: one, and ul2tpd"""
import pytest

from support.daemon import Daemon
from support.netns import Namespace
from support.ppp_machine import KERNEL, MODULES, TAP, PppMachine
from support.vm import Machine

@pytest.fixture(scope="session")
def ppp_machine():
    namespace = Namespace("near")
    try:
        with Machine(KERNEL, modules=MODULES, tap=(TAP, namespace.path)) as machine:
            yield PppMachine(namespace, machine)
    finally:
        namespace.close()


@pytest.fixture(scope="module")
def shared_daemon(build):
    with Daemon("--workers", "2") as made:
        yield made
