# SPDX-License-Identifier: BSD-2-Clause
"""pppd_call.py - a program that makes a tunnel and a PPP session by netlink and becomes pppd on it

    python3 -m support.pppd_call '{"PROTO_VERSION": 3, ...}' SESSION PEER_SESSION OPTION...

As accel-ppp and go-l2tp do: a PPPoL2TP socket is connected to the session and handed to pppd's plugin. It runs on
a kernel that has L2TP and PPP, and under `ul2tp run`; of ul2tp it knows nothing.
"""
import ctypes
import json
import os
import socket
import sys

from support import netlink
from support.api import PPP, encode
from support.ppp_file import name

AF_PPPOX, PX_PROTO_OL2TP = 24, 1


def pppox_socket(tunnel, session, peer_session):
    over_ipv6 = "IP6_DADDR" in tunnel
    address = name(tunnel["CONN_ID"], session, tunnel["PEER_CONN_ID"], peer_session, version=3, family=6 if over_ipv6 else 4)
    made = socket.socket(AF_PPPOX, socket.SOCK_DGRAM, PX_PROTO_OL2TP)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.connect(made.fileno(), address, len(address)) < 0:
        raise OSError(ctypes.get_errno(), "connect: " + os.strerror(ctypes.get_errno()))
    return made


def main():
    tunnel, session, peer_session = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with netlink.connect_kernel() as nl:
        nl.l2tp("TUNNEL_CREATE", encode(tunnel)).check()
        nl.l2tp("SESSION_CREATE", encode({"CONN_ID": tunnel["CONN_ID"], "SESSION_ID": session,
                                          "PEER_SESSION_ID": peer_session, "PW_TYPE": PPP})).check()
    made = pppox_socket(tunnel, session, peer_session)
    os.set_inheritable(made.fileno(), True)
    os.execvp("pppd", ["pppd", "plugin", "pppol2tp.so", "pppol2tp", str(made.fileno()), "nodetach", "noauth",
                       "debug", "logfd", "2", *sys.argv[4:]])


if __name__ == "__main__":
    main()
