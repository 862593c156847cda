# SPDX-License-Identifier: BSD-2-Clause
"""A machine in QEMU with each kernel of Debian 12, for all files but test_ppp_many.py, whose machine is another

None of their L2TP modules is in the machines, so what passes there is ul2tpd's doing.
"""
import re

import pytest

from support.combinations import SOME, Pair
from support.daemon import BUILD
from support.debian import KERNELS
from support.end import RemoteEnd
from support.esp import MODULES as ESP_MODULES
from support.vm import Machine

# unix_diag: by which ul2tpd knows its clients before Linux 6.5, where the kernel loads it when it is asked for;
# udp_diag: by which it sees that a program's socket has gone.
MODULES = ["tun", "veth", "unix_diag", "udp_diag", "nf_tables", "vrf", *ESP_MODULES]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """One machine after the other."""
    items.sort(key=lambda item: item.callspec.params.get("debian", "") if hasattr(item, "callspec") else "")


def l2tp_modules(machine):
    return [line for line in machine.run("cat", "/proc/modules").stdout.splitlines() if line.startswith("l2tp")]


@pytest.fixture(scope="session", params=KERNELS)
def debian(request, build):
    """A machine; two namespaces inside are the two ends of a cable, and near is an ul2tpd."""
    with Machine(KERNELS[request.param], MODULES, cpus=2, environment={"UL2TP_BUILD": BUILD}) as made:
        assert made.release.startswith(request.param + ".")
        made.call("support.pair_inside:open_pair")
        assert not l2tp_modules(made)
        yield made
        assert not l2tp_modules(made)
        made.call("support.pair_inside:close_pair")
        assert not re.search("Call Trace|BUG:|WARNING:", made.log()), "the kernel has something to complain about"


@pytest.fixture(scope="module")
def pair(debian):
    made = Pair(RemoteEnd(debian, "near"), RemoteEnd(debian, "far"), SOME)
    made.connect()
    yield made
    made.disconnect()
