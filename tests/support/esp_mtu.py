# SPDX-License-Identifier: BSD-2-Clause
"""esp_mtu.py - the MTU of an Ethernet session whose tunnel is under ESP: what ESP puts around packets is taken from it"""
from support import esp
from support.daemon import Cli

PORT = 1701


def story(daemon, cable):
    cli = Cli(daemon, cable.near)
    esp.protect(cable, PORT)
    try:
        cli("add tunnel tunnel_id 1 peer_tunnel_id 1 encap udp "
            f"udp_sport {PORT} udp_dport {PORT} local {cable.NEAR4} remote {cable.FAR4}")
        cli("add session tunnel_id 1 session_id 1 peer_session_id 1 name pw")
        mtu = cable.near.link("pw")["mtu"]
        cli("del tunnel tunnel_id 1")
    finally:
        esp.unprotect(cable)
    return mtu
