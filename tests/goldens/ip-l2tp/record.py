#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""record.py - what `ip l2tp show` prints of a real kernel's tunnels and sessions, and what the kernel told it

    record.py FOLDER

Run as root where the kernel has L2TP and nothing else uses it, as in a machine of tests/support/vm.py. Each case
becomes a folder:

    commands                            what was done; the words of ip l2tp, and "set session", ul2tp's own
    tunnel.dump, session.dump           the kernel's answers, one a line: generic netlink's header and attributes
    {tunnel,session}.{text,json,pretty} standard output of ip l2tp show, ip -j and ip -p -j

ip 6.1 shows the cookies, the reorder timeout and the interface of a session with the next ones too if those have
none (and always lists everything). So each option has a case of its own, and the one with many has them all set.
"""
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from support import netlink

V4 = "local 192.0.2.1 remote 192.0.2.2"
V6 = "local 2001:db8::1 remote 2001:db8::2"
TUNNEL = f"add tunnel tunnel_id 3 peer_tunnel_id 4 encap udp {V4} udp_sport 5003 udp_dport 5004"
SESSION = "add session tunnel_id 3 session_id 4294967295 peer_session_id 2 name x0"
SET = "set session tunnel_id 3 session_id 4294967295"
COOKIES = "cookie 0a1b2c3d peer_cookie 0123456789abcdef"

CASES = {
    "nothing": [],
    "udp4": [TUNNEL],
    "udp4-csum": [TUNNEL + " udp_csum on"],
    "udp6": [TUNNEL.replace(V4, V6)],
    "udp6-no-csum-tx": [TUNNEL.replace(V4, V6) + " udp6_csum_tx off"],
    "udp6-no-csum-rx": [TUNNEL.replace(V4, V6) + " udp6_csum_rx off"],
    "udp6-no-csum": [TUNNEL.replace(V4, V6) + " udp6_csum_tx off udp6_csum_rx off"],
    "ip4": [f"add tunnel tunnel_id 4294967295 peer_tunnel_id 1 encap ip {V4}"],
    "ip6": [f"add tunnel tunnel_id 7 peer_tunnel_id 4294967295 encap ip {V6}"],
    "session": [TUNNEL, SESSION],
    "session-unnamed": [TUNNEL, SESSION.replace(" name x0", "")],
    "cookie": [TUNNEL, SESSION + " cookie 0a1b2c3d"],
    "peer-cookie": [TUNNEL, SESSION + " peer_cookie 0123456789abcdef"],
    "cookies": [TUNNEL, SESSION + " " + COOKIES],
    "seq-send": [TUNNEL, SESSION + " seq send"],
    "seq-recv": [TUNNEL, SESSION + " seq recv"],
    "seq-both-l2spec": [TUNNEL, SESSION + " seq both l2spec_type default"],
    "l2spec-none": [TUNNEL, SESSION + " l2spec_type none " + COOKIES],
    "reorder": [TUNNEL, SESSION, SET + " reorder_timeout 100"],
    "lns-mode": [TUNNEL, SESSION + " cookie 0a1b2c3d", SET + " lns_mode on"],
    "all-set": [TUNNEL, SESSION + " " + COOKIES + " seq both", SET + " reorder_timeout 100"],
    "several": [
        f"add tunnel tunnel_id 9 peer_tunnel_id 10 encap udp {V6} udp_sport 5009 udp_dport 5010",
        f"add tunnel tunnel_id 1 peer_tunnel_id 2 encap udp {V4} udp_sport 5001 udp_dport 5002",
        f"add tunnel tunnel_id 5 peer_tunnel_id 6 encap ip {V4}",
        f"add session tunnel_id 5 session_id 51 peer_session_id 52 name c0 {COOKIES} seq send",
        f"add session tunnel_id 1 session_id 12 peer_session_id 22 name b0 {COOKIES}",
        f"add session tunnel_id 1 session_id 11 peer_session_id 21 name a0 {COOKIES} seq both",
    ],
}


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, timeout=30).stdout


def session_set(words):
    """`set session`, which ip does not have."""
    values = dict(zip(words[2::2], words[3::2]))
    names = {"reorder_timeout": lambda v: netlink.u64(22, int(v)), "lns_mode": lambda v: netlink.u8(20, v == "on")}
    attributes = [netlink.u32(9, int(values["tunnel_id"])), netlink.u32(11, int(values["session_id"]))]
    attributes += [make(values[name]) for name, make in names.items() if name in values]
    with netlink.connect_kernel() as nl:
        nl.l2tp("SESSION_MODIFY", attributes).check()


def do(command):
    words = command.split()
    if words[0] == "set":
        session_set(words)
    else:
        ip("l2tp", *words)


def dump(nl, command):
    return "".join(message.payload.hex() + "\n" for message in nl.l2tp(command, dump=True).check().messages)


def record(folder, commands):
    folder.mkdir(parents=True, exist_ok=True)
    for command in commands:
        do(command)
    (folder / "commands").write_text("".join(c + "\n" for c in commands))
    with netlink.connect_kernel() as nl:
        for thing in ("tunnel", "session"):
            (folder / f"{thing}.dump").write_text(dump(nl, thing.upper() + "_GET"))
            for kind, options in (("text", []), ("json", ["-j"]), ("pretty", ["-p", "-j"])):
                (folder / f"{thing}.{kind}").write_bytes(ip(*options, "l2tp", "show", thing))


def main():
    for name, commands in CASES.items():
        ip("link", "add", "d0", "type", "dummy")
        ip("link", "set", "d0", "up")
        ip("address", "add", "192.0.2.1/24", "dev", "d0")
        ip("address", "add", "2001:db8::1/64", "dev", "d0", "nodad")
        try:
            record(pathlib.Path(sys.argv[1]) / name, commands)
        finally:
            for command in commands:
                words = command.split()
                if words[:2] == ["add", "tunnel"]:
                    ip("l2tp", "del", "tunnel", "tunnel_id", words[words.index("tunnel_id") + 1])
            ip("link", "del", "d0")
            time.sleep(0.3)  # the kernel removes tunnels after it has said so


if __name__ == "__main__":
    main()
