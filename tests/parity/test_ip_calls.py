# SPDX-License-Identifier: BSD-2-Clause
"""Every call on L2TP/IP sockets is answered by ul2tpd, behind `ul2tp run`, as by Linux 6.12 in QEMU"""
from support import ip_calls
from support.daemon import Daemon
from support.launcher import Launcher


def test_the_same_calls_have_the_same_answers(linux):
    """Requirements: IPS-1, IPS-2, IPS-10, IPS-11, IPS-12, IPS-20, IPS-21, IPS-22, IPS-23, IPS-24, IPS-30, IPS-40,
    IPS-42, IPS-43, IPS-53, NL-43, Q-14, Q-19, Q-30, Q-31
    """
    kernels = linux.call("support.ip_calls:kernels")
    with Daemon("--kernel-quirks") as daemon:
        launcher = Launcher(daemon)
        ours = ip_calls.transcript(launcher.command, launcher.environment)
    assert ours == kernels
