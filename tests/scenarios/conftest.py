# SPDX-License-Identifier: BSD-2-Clause
"""The cables that tests of the fast path share, and which files are begun first"""
import pytest

from support.fast_pair import UNDERLAYS, lay_cable
from support.wait import SLOW

# Those that take longest, so that none of them is left over when the others are through (--dist loadfile).
LONG = ["test_fast_path.py", "test_divert_raw.py", "test_run.py", "test_traffic.py", "test_programs.py",
        "test_fast_path_managed.py", "test_ppp_survival.py", "test_levels.py", "test_transmit.py"]


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


# Where all is slow, under sanitizers, each underlay once, and both families: what the two have to do with each other is the
# kernel's business, and nothing of ours asks for it.
WIRES = ([(underlay, family) for underlay in UNDERLAYS for family in (4, 6)] if SLOW == 1 else
         [("plain", 4), ("seg", 6), ("gso", 4)])


@pytest.fixture(scope="module", params=WIRES, ids=lambda param: f"{param[0]}-udp{param[1]}")
def wire(request):
    """Of each kind, with tunnels over each family."""
    cable = lay_cable(*request.param)
    yield cable
    cable.close()


@pytest.fixture(scope="module", params=(4, 6), ids=("udp4", "udp6"))
def plain_wire(request):
    cable = lay_cable("plain", request.param)
    yield cable
    cable.close()
