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


# What underlay and family have to do with each other is the kernel's business, and nothing of ours asks for it: all of them where it
# is about what is around the packets, and each underlay once, with both families, where all is slow, under sanitizers, or
# where it is about what is within.
ALL = [(underlay, family) for underlay in UNDERLAYS for family in (4, 6)]
EACH_ONCE = [("plain", 4), ("seg", 6), ("gso", 4)]


def wire_of(request):
    cable = lay_cable(*request.param)
    yield cable
    cable.close()


def wire_name(param):
    return f"{param[0]}-udp{param[1]}"


@pytest.fixture(scope="module", params=ALL if SLOW == 1 else EACH_ONCE, ids=wire_name)
def wire(request):
    """Of each kind, with tunnels over each family."""
    yield from wire_of(request)


@pytest.fixture(scope="module", params=EACH_ONCE, ids=wire_name)
def wire_once(request):
    """Of each kind, some with tunnels over the one family, some over the other."""
    yield from wire_of(request)


@pytest.fixture(scope="module", params=(4, 6), ids=("udp4", "udp6"))
def plain_wire(request):
    cable = lay_cable("plain", request.param)
    yield cable
    cable.close()
