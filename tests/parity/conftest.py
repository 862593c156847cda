# SPDX-License-Identifier: BSD-2-Clause
"""A machine with a kernel's own L2TP, Debian's 6.12 in QEMU, for all files: it takes long to start"""
import pytest

from support.daemon import BUILD
from support.esp import MODULES as ESP_MODULES
from support.vm import Machine

KERNEL = "linux-image-6.12-amd64"
MODULES = ["veth", "l2tp_eth", "l2tp_ip", "l2tp_ip6", "l2tp_ppp", *ESP_MODULES]


@pytest.fixture(scope="session")
def linux(build):
    with Machine(KERNEL, MODULES, cpus=2, environment={"UL2TP_BUILD": BUILD}) as made:
        yield made
        assert "Call Trace" not in made.log()
