# SPDX-License-Identifier: BSD-2-Clause
"""fast_esp.py - a session on the fast path whose tunnel gets an IPsec policy while packets flow, and loses it again"""
from support import esp
from support.daemon import Cli, settle
from support.fast_pair import INNER, PORT, FastPair
from support.wait import AT_MOST, eventually

UDP = 17


def story(cable):
    with FastPair(cable) as pair:
        clis = [Cli(daemon, host) for daemon, host in zip(pair.daemons, pair.hosts)]

        def reasons():
            return {cli.json("-s show session")[0]["fast_path"]["reason"] for cli in clis}

        def counts():
            with esp.Protocols(cable) as protocols:
                settle(0.5)
                return protocols.counts()
        eventually(lambda: reasons() == {"used"})
        ping = pair.hosts[0].popen("ping", "-i", "0.05", "-q", INNER[4][1], stdout=-3)
        try:
            eventually(lambda: all(UDP in end and esp.ESP not in end for end in counts()))
            esp.protect(cable, PORT)
            eventually(lambda: reasons() == {"xfrm"})
            protected = counts()
            assert all(esp.ESP in end and UDP not in end for end in protected), protected
            esp.unprotect(cable)
            eventually(lambda: reasons() == {"used"})
            assert all(UDP in end and esp.ESP not in end for end in counts())
        finally:
            ping.kill()
            ping.wait(AT_MOST)
