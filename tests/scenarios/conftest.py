# SPDX-License-Identifier: BSD-2-Clause
"""The cables that tests of the fast path share"""
import pytest

from support.fast_pair import UNDERLAYS, lay_cable


@pytest.fixture(scope="module", params=[(underlay, family) for underlay in UNDERLAYS for family in (4, 6)],
                ids=lambda param: f"{param[0]}-udp{param[1]}")
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
