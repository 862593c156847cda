#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""record_matrix.py - write tests/goldens/netlink/matrix.json: netlink requests, and what Linux answers

  tests/parity/record_matrix.py [FILE]

To be run as root on a machine with Linux 6.12 and its modules l2tp_eth, l2tp_ip, l2tp_ip6 and l2tp_ppp (Debian:
the package linux-image-6.12-amd64 of bookworm-backports, or trixie), never with ul2tpd: what it writes is what
ul2tpd is compared with, by test_matrix.py. A virtual machine will do; with FILE the result goes there instead
of into the checkout. Two runs must give the same file.

The cases are made here; the file has them in full, so that the comparison needs nothing of this program.
What the words of a step mean is explained in matrix.py.
"""
import pathlib
import platform
import subprocess
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1]), str(pathlib.Path(__file__).resolve().parent)]

import matrix  # noqa: E402
from support import netlink  # noqa: E402

UDP, IP = 0, 1
ETH, PPP = 5, 7
MAX = 0xffffffff

CASES = []


def case(name, requirements, *steps, **options):
    CASES.append({"name": name, "requirements": requirements, **options, "steps": list(steps)})


def send(command, attributes=(), **options):
    return {"command": command, "attributes": [list(a) for a in attributes], **options}


def octets(text, **options):
    return {"hex": text, **options}


V4 = {"IP_SADDR": "127.0.0.1", "IP_DADDR": "127.0.0.2"}
V6 = {"IP6_SADDR": "::1", "IP6_DADDR": "::1"}


def attributes(base, changes):
    """base with changes; None takes an attribute away."""
    merged = {**base, **changes}
    return [[name, value] for name, value in merged.items() if value is not None]


def tunnel(conn_id=1, encap=UDP, addresses=None, **changes):
    base = {"CONN_ID": conn_id, "PEER_CONN_ID": 1000, "PROTO_VERSION": 3, "ENCAP_TYPE": encap,
            **(V4 if addresses is None else addresses)}
    if encap == UDP and "UDP_DPORT" not in changes:
        base |= {"UDP_SPORT": 5000 + conn_id % 1000, "UDP_DPORT": 1701}
    return send("TUNNEL_CREATE", attributes(base, changes))


def tunnel_get(conn_id=1, **options):
    return send("TUNNEL_GET", [["CONN_ID", conn_id]], **options)


def tunnel_delete(conn_id=1):
    return send("TUNNEL_DELETE", [["CONN_ID", conn_id]])


def session(session_id=10, conn_id=1, **changes):
    base = {"CONN_ID": conn_id, "SESSION_ID": session_id, "PEER_SESSION_ID": 2000, "PW_TYPE": ETH}
    return send("SESSION_CREATE", attributes(base, changes))


def session_of(command, session_id=10, conn_id=1, more=(), **options):
    return send(command, [["CONN_ID", conn_id], ["SESSION_ID", session_id], *more], **options)


def session_get(session_id=10, conn_id=1, **options):
    return session_of("SESSION_GET", session_id, conn_id, **options)


def dump(command, **options):
    return send(command, flags=netlink.NLM_F_DUMP, **options)


# --- policy: each attribute, in a request that needs none and does nothing -----------------------------

INTEGER_OCTETS = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "ip4": 4}


def noop(kind, value):
    return send("NOOP", [[kind, value]])


def policies():
    for _, (name, kind) in netlink.L2TP_ATTRIBUTES.items():
        if kind in INTEGER_OCTETS:
            size = INTEGER_OCTETS[kind]
            lengths, ids = sorted({0, size - 1, size, size + 1, 16}), "NL-20 NL-21"
        elif name in ("COOKIE", "PEER_COOKIE"):
            lengths, ids = [0, 1, 7, 8, 9, 16], "NL-21"
        elif kind == "ip6":
            lengths, ids = [0, 15, 16, 17], "NL-21"
        elif kind == "nest":
            lengths, ids = [0, 1, 3, 4], "NL-21"
        elif kind == "string":
            continue
        else:
            lengths, ids = [0, 1, 9], "NL-20"
        case(f"length of {name}", ids,
             *(noop(name, octets("01" * length)) for length in lengths if length >= 0),
             noop(f"NESTED|{name}", octets("01" * max(lengths[1:3]))),
             noop(f"NET_BYTEORDER|{name}", octets("01" * 8)))
    case("length of IFNAME", "NL-24",
         *(noop("IFNAME", octets(text)) for text in (
             "", "00", "61", "6100", "61" * 15 + "00", "61" * 16, "61" * 16 + "00", "61" * 17, "6100" + "61" * 14,
             "6100" + "61" * 13 + "00", "6100" + "61" * 20, "61" * 15 + "0000", "610061")))
    case("attributes nobody knows", "NL-20",
         noop("0", octets("")), noop("0", octets("11223344")), noop("36", octets("11")), noop("100", octets("")),
         noop("16383", octets("11223344")), noop("NESTED|36", octets("1122")))
    case("an attribute twice: the last one counts", "NL-20",
         tunnel(), tunnel(2),
         send("TUNNEL_GET", [["CONN_ID", 1], ["CONN_ID", 2]]), send("TUNNEL_GET", [["CONN_ID", 9], ["CONN_ID", 1]]),
         send("TUNNEL_GET", [["CONN_ID", 1], ["CONN_ID", octets("01")]]),
         send("TUNNEL_GET", [["CONN_ID", octets("01")], ["CONN_ID", 1]]))
    case("flag bits of a type do not count", "NL-20",
         tunnel(), send("TUNNEL_GET", [["NESTED|CONN_ID", 1]]), send("TUNNEL_GET", [["NET_BYTEORDER|CONN_ID", 1]]),
         send("TUNNEL_GET", [["NESTED|NET_BYTEORDER|CONN_ID", 1]]))
    case("an integer that is too long is read from its first octets", "NL-20",
         tunnel(), send("TUNNEL_GET", [["CONN_ID", octets("01000000ffffffff")]]),
         send("TUNNEL_GET", [["CONN_ID", octets("0100000099")]]))
    case("octets behind the last attribute", "NL-20",
         *(send("NOOP", tail=text) for text in ("01", "0102", "010203", "03000100", "ff000100", "00000000")),
         send("NOOP", [["CONN_ID", 1]], tail="010203"), send("TUNNEL_GET", [["CONN_ID", 9]], tail="01"),
         send("NOOP", [["CONN_ID", octets("01000000", length=100)]]),
         send("NOOP", [["CONN_ID", octets("01000000", length=3)]]))
    case("the first that fails is blamed", "NL-21",
         send("NOOP", [["CONN_ID", 1], ["COOKIE", octets("00" * 9)], ["SESSION_ID", octets("")]]),
         send("NOOP", [["36", octets("00" * 5)], ["SESSION_ID", octets("01")]]))
    case("words are for those who ask", "NL-21 NL-90", noop("CONN_ID", octets("")), tunnel_get(9),
         send("NOOP", tail="01"), send("NOOP"), ext_ack=False)
    case("a refusal may quote the header only", "NL-90", noop("CONN_ID", octets("")), tunnel_get(9),
         send("NOOP", tail="01"), send("NOOP"), send("TUNNEL_GET", tail="010203"), cap_ack=True)
    case("a refusal quotes the header only and says nothing", "NL-90", noop("CONN_ID", octets("")), tunnel_get(9),
         ext_ack=False, cap_ack=True)


# --- headers --------------------------------------------------------------------------------------------

def headers():
    case("noop", "NL-30", send("NOOP"), send("NOOP", flags=0), send("NOOP", flags=netlink.NLM_F_ECHO | 4),
         send("NOOP", [["CONN_ID", 1]]))
    case("noop can not be dumped", "NL-10", dump("NOOP"), send("NOOP", flags=0x304))
    case("one bit of a dump is no dump", "NL-11", tunnel(), tunnel_get(flags=0x104), tunnel_get(flags=0x204),
         tunnel_get(flags=0x100), send("TUNNEL_GET", flags=0x104))
    case("flags that mean nothing here", "NL-11", tunnel(), tunnel_get(flags=0x604), tunnel_get(flags=0xc))
    case("version and reserved field are ignored", "NL-6",
         *(send("NOOP", version=v) for v in (0, 1, 2, 7, 255)), send("NOOP", reserved=1), tunnel(),
         tunnel_get(version=7, reserved=0xffff))
    for number in (9, 10, 127, 200, 255):
        case(f"command {number}", "NL-10", send(number), dump(number), send(number, [["CONN_ID", octets("")]]),
             send(number, reserved=1), send(number, flags=0x104), send(number, flags=0x404))
    for command in ("TUNNEL_CREATE", "TUNNEL_DELETE", "TUNNEL_MODIFY", "SESSION_CREATE", "SESSION_DELETE",
                    "SESSION_MODIFY"):
        case(f"{command} can not be dumped", "NL-10", dump(command),
             send(command, [["CONN_ID", octets("")]], flags=0x304))
    case("shorter than generic netlink's header", "NL-10",
         *({"payload": text} for text in ("", "04", "0401", "040100")))
    case("a family nobody has", "NL-10", send(0, family="none"), dump(0, family="none"),
         {"family": "none", "payload": ""})
    case("no request, no deed", "NL-14", send("NOOP", request=False), send("NOOP", request=False, flags=0),
         {**tunnel(), "request": False}, tunnel_get(), send(9, request=False),
         *(send("NOOP", type=n) for n in (0, 1, 4, 15)), send("NOOP", type=15, flags=0))
    case("several in one datagram", "NL-91",
         tunnel(),
         {"together": [tunnel_get(), tunnel_get(9), tunnel_get(flags=0), send("NOOP"), tunnel_get(1)]})
    case("a request without acknowledgement", "NL-90", {**tunnel(), "flags": 0}, tunnel_get(flags=0),
         tunnel_get(9, flags=0))
    every = [send(n, flags=4) for n in range(1, 9)]
    case("without rights", "NL-12", send("NOOP"), *every, dump("TUNNEL_GET"), dump("SESSION_GET"),
         send("TUNNEL_GET", [["CONN_ID", octets("")]]), send(9), unprivileged=True)


def control():
    get = {"family": "nlctrl", "version": 2}
    case("nlctrl describes the family", "NL-1 NL-2 NL-3",
         send("GETFAMILY", [["FAMILY_NAME", "l2tp"]], **get),
         send("GETFAMILY", [["FAMILY_NAME", "l2tp"]], flags=0, **get),
         send("GETFAMILY", [["FAMILY_ID", 999], ["FAMILY_NAME", "l2tp"]], **get))
    case("nlctrl and families it does not know", "NL-1", send("GETFAMILY", [["FAMILY_NAME", "nobody"]], **get),
         send("GETFAMILY", [["FAMILY_ID", 999]], **get), send("GETFAMILY", **get))
    case("nlctrl's attributes", "NL-1", send("GETFAMILY", [["FAMILY_NAME", octets("61" * 20)]], **get),
         send("GETFAMILY", [["FAMILY_NAME", octets("61")]], **get),
         send("GETFAMILY", [["FAMILY_ID", octets("01")]], **get),
         send("GETFAMILY", [["FAMILY_NAME", octets("")]], **get))
    case("nlctrl's other commands", "NL-1", *(send(n, [["FAMILY_NAME", "l2tp"]], **get) for n in (0, 1, 2, 4, 11)))


# --- tunnels --------------------------------------------------------------------------------------------

def tunnels():
    for name in ("CONN_ID", "PEER_CONN_ID", "PROTO_VERSION", "ENCAP_TYPE"):
        case(f"a tunnel without {name}", "", tunnel(**{name: None}), tunnel_get())
    case("checks of a tunnel, in their order", "",
         send("TUNNEL_CREATE"), tunnel(PEER_CONN_ID=None, ENCAP_TYPE=9), tunnel(PROTO_VERSION=None, ENCAP_TYPE=9),
         tunnel(encap=9, addresses={}), tunnel(encap=9), tunnel(), tunnel(encap=9), tunnel(IP_SADDR="192.0.2.9"))
    for encap in (2, 255, 65535):
        case(f"encapsulation {encap}", "", tunnel(encap=encap), tunnel_get())
    for addresses in ([], ["IP_SADDR"], ["IP_DADDR"], ["IP6_SADDR"], ["IP6_DADDR"], ["IP_SADDR", "IP6_DADDR"],
                      ["IP6_SADDR", "IP_DADDR"]):
        case(f"addresses: {' '.join(addresses) or 'none'}", "",
             tunnel(addresses={a: (V4 | V6)[a] for a in addresses}), tunnel_get())
    for extra in ("IP6_SADDR", "IP6_DADDR"):
        case(f"an IPv4 pair and {extra}", "NL-44", tunnel(**{extra: "::1"}), tunnel_get())
    case("both pairs of addresses: IPv6 wins", "NL-44", tunnel(**V6), tunnel_get())
    for version in (0, 1, 2, 3, 4, 5, 255):
        case(f"version {version}", "NL-41 Q-1" if version not in (2, 3) else "NL-41", tunnel(PROTO_VERSION=version),
             tunnel_get(), dump("TUNNEL_GET"))
    for conn_id in (0, 1, 65535, 65536, MAX):
        for version in (2, 3):
            case(f"version {version} id {conn_id}", "NL-42 Q-2" if conn_id > 65535 and version == 2 else "NL-42",
                 tunnel(conn_id, PROTO_VERSION=version), tunnel_get(conn_id), tunnel_get(conn_id ^ 0x10000))
    for peer in (0, MAX):
        case(f"peer id {peer}", "NL-42", tunnel(PEER_CONN_ID=peer), tunnel_get())
    for name, addresses in (("IPv4", V4), ("IPv6", V6)):
        for encap in (UDP, IP):
            case(f"{'IP' if encap else 'UDP'} over {name}", "NL-55 NL-58 NL-59",
                 tunnel(encap=encap, addresses=addresses),
                 tunnel_get(), dump("TUNNEL_GET"))
        case(f"no peer port over {name}", "TUN-14", tunnel(addresses=addresses, UDP_DPORT=None, UDP_SPORT=5001),
             tunnel_get())
        case(f"peer port 0 over {name}", "TUN-10 TUN-14", tunnel(addresses=addresses, UDP_DPORT=0, UDP_SPORT=5001),
             tunnel_get())
        case(f"any local port over {name}", "TUN-10", tunnel(addresses=addresses, UDP_DPORT=1701, UDP_SPORT=None),
             tunnel_get(),
             tunnel(2, addresses=addresses, UDP_DPORT=1701, UDP_SPORT=0), tunnel_get(2))
    case("any local address", "TUN-10", tunnel(IP_SADDR="0.0.0.0"), tunnel_get(),
         tunnel(2, addresses={**V6, "IP6_SADDR": "::"}), tunnel_get(2))
    case("version 2 over IP", "NL-46", tunnel(encap=IP, PROTO_VERSION=2), tunnel_get())
    case("ports of an IP tunnel", "TUN-11", tunnel(encap=IP, UDP_SPORT=5000, UDP_DPORT=1701, UDP_CSUM=1),
         tunnel_get())
    for value in (0, 1, 255):
        case(f"udp_csum {value}", "Q-3 TUN-13", tunnel(UDP_CSUM=value), tunnel_get())
        case(f"udp_csum {value} over IPv6", "TUN-13", tunnel(addresses=V6, UDP_CSUM=value), tunnel_get())
    for name in ("UDP_ZERO_CSUM6_TX", "UDP_ZERO_CSUM6_RX"):
        case(f"{name}", "TUN-13", tunnel(addresses=V6, **{name: True}), tunnel_get())
        case(f"{name} over IPv4", "TUN-13", tunnel(**{name: True}), tunnel_get())
    case("both zero checksums", "TUN-13",
         tunnel(addresses=V6, UDP_ZERO_CSUM6_RX=True, UDP_ZERO_CSUM6_TX=octets("00")), tunnel_get())
    case("an address that is not ours", "TUN-10", tunnel(IP_SADDR="192.0.2.9"), tunnel_get(),
         tunnel(addresses={**V6, "IP6_SADDR": "2001:db8::9"}), tunnel_get())
    case("an address that is not ours, by IP", "TUN-11", tunnel(encap=IP, IP_SADDR="192.0.2.9"), tunnel_get(),
         tunnel(encap=IP, addresses={**V6, "IP6_SADDR": "2001:db8::9"}), tunnel_get())
    case("no way to the peer", "TUN-10", tunnel(IP_SADDR="0.0.0.0", IP_DADDR="192.0.2.9"), tunnel_get(),
         tunnel(addresses={"IP6_SADDR": "::", "IP6_DADDR": "2001:db8::9"}), tunnel_get())
    case("no way to the peer, by IP", "TUN-11", tunnel(encap=IP, IP_SADDR="0.0.0.0", IP_DADDR="192.0.2.9"),
         tunnel_get())
    case("a multicast peer, by IP", "TUN-11", tunnel(encap=IP, IP_DADDR="224.0.0.5"),
         tunnel(encap=IP, IP_SADDR="192.0.2.9", IP_DADDR="224.0.0.5"), tunnel_get())
    case("a multicast address as one's own, by IP", "TUN-11 IPS-11",
         *[tunnel(encap=IP, addresses={"IP6_SADDR": group, "IP6_DADDR": "::1"}) for group in ("ff02::1", "ff0e::1")],
         tunnel_get())
    case("a broadcast peer", "TUN-10", tunnel(IP_DADDR="127.255.255.255"), tunnel_get())
    case("the same endpoint and peer twice", "TUN-10", tunnel(1, UDP_DPORT=1701, UDP_SPORT=5000),
         tunnel(2, UDP_DPORT=1701, UDP_SPORT=5000),
         tunnel_get(2))
    case("the same endpoint for another peer", "TUN-10", tunnel(1, UDP_DPORT=1701, UDP_SPORT=5000),
         tunnel(2, UDP_DPORT=1701, UDP_SPORT=5000, IP_DADDR="127.0.0.3"), tunnel_get(2))
    case("an id that is taken", "TUN-1", tunnel(), tunnel(), tunnel(UDP_DPORT=1, UDP_SPORT=6000),
         tunnel(encap=IP), tunnel(addresses=V6), tunnel(PROTO_VERSION=2, UDP_DPORT=1, UDP_SPORT=6001), tunnel_get())
    case("an id that is taken and a bad descriptor", "NL-40", tunnel(), tunnel(FD=9999, addresses={}))
    case("a descriptor that is not open", "NL-40 TUN-20", tunnel(FD=9999, addresses={}), tunnel(FD=9999),
         tunnel_get())
    case("a negative descriptor", "NL-43", tunnel(FD=MAX), tunnel_get())
    case("attributes that are ignored", "NL-20",
         tunnel(OFFSET=1, DATA_SEQ=1, L2SPEC_LEN=1, VLAN_ID=1, DEBUG=1, MTU=1, MRU=1, USING_IPSEC=1, SESSION_ID=1),
         tunnel_get())

    for command in ("TUNNEL_DELETE", "TUNNEL_MODIFY", "TUNNEL_GET"):
        ids = {"TUNNEL_DELETE": "NL-50", "TUNNEL_MODIFY": "NL-51", "TUNNEL_GET": "NL-55"}[command]
        case(f"{command} of nothing", ids, send(command), send(command, [["SESSION_ID", 1]]),
             send(command, [["CONN_ID", 9]]), send(command, [["IFNAME", "lo"]]))
    case("a tunnel modified", "NL-51 Q-17", tunnel(), send("TUNNEL_MODIFY", attributes(
        {"CONN_ID": 1}, {"UDP_CSUM": 1, "PEER_CONN_ID": 9, "PROTO_VERSION": 2, "ENCAP_TYPE": 9, "DEBUG": 1})),
        tunnel_get())
    case("a tunnel deleted", "NL-50", tunnel(), tunnel_delete(), tunnel_get(until="ENODEV"), tunnel_delete(),
         send("TUNNEL_MODIFY", [["CONN_ID", 1]]), session(), dump("TUNNEL_GET"))
    case("a tunnel deleted and made again", "TUN-43", tunnel(), tunnel_delete(), tunnel_get(until="ENODEV"),
         tunnel(), tunnel_get())
    case("a dump of tunnels is in the order of their ids", "NL-56", dump("TUNNEL_GET"), tunnel(7), tunnel(0),
         tunnel(MAX), tunnel(3), tunnel(65536, encap=IP),
         dump("TUNNEL_GET"), send("TUNNEL_GET", flags=0x304))
    case("dumps are neither filtered nor checked", "NL-23 Q-33", tunnel(1), tunnel(2), session(10),
         send("TUNNEL_GET", [["CONN_ID", 1]], flags=0x300),
         send("TUNNEL_GET", [["CONN_ID", octets("01")]], flags=0x300),
         dump("TUNNEL_GET", tail="010203"),
         send("SESSION_GET", [["CONN_ID", 2], ["IFNAME", octets("61" * 20)]], flags=0x300))
    case("notifications of tunnels", "NL-80 NL-93 NL-47 Q-4", tunnel(), send("TUNNEL_MODIFY", [["CONN_ID", 1]]),
         tunnel_get(),
         tunnel_delete(), subscribe=True)
    case("no notification of what failed or was only asked", "NL-81", tunnel(encap=9), tunnel_get(),
         tunnel_delete(), send("TUNNEL_MODIFY", [["CONN_ID", 1]]),
         tunnel(), tunnel(), tunnel_get(), dump("TUNNEL_GET"), session(PW_TYPE=4), session_of("SESSION_DELETE"),
         subscribe=True)
    case("a tunnel goes with its sessions and one notification", "NL-83", tunnel(), session(10), session(11),
         tunnel_delete(),
         tunnel_get(until="ENODEV"), subscribe=True)


# --- sessions -------------------------------------------------------------------------------------------

def sessions():
    for name in ("CONN_ID", "SESSION_ID", "PEER_SESSION_ID", "PW_TYPE"):
        case(f"a session without {name}", "", tunnel(), session(**{name: None}), session_get())
    case("checks of a session, in their order", "",
         send("SESSION_CREATE"), send("SESSION_CREATE", [["CONN_ID", 1]]), session(conn_id=9, SESSION_ID=None),
         tunnel(),
         send("SESSION_CREATE", [["CONN_ID", 1]]), session(PEER_SESSION_ID=None, PW_TYPE=99),
         session(PW_TYPE=99, L2SPEC_TYPE=9),
         session(PW_TYPE=4, L2SPEC_TYPE=9), session(PW_TYPE=4), session(), session(PW_TYPE=4), session(L2SPEC_TYPE=9))
    for version in (2, 3):
        for pw_type in (*range(14), 255, 65535):
            case(f"version {version} pseudowire type {pw_type}", "SES-10", tunnel(PROTO_VERSION=version),
                 session(PW_TYPE=pw_type), session_get())
    for l2spec in (0, 1, 2, 255):
        case(f"sublayer {l2spec}", "NL-60", tunnel(), session(L2SPEC_TYPE=l2spec), session_get())
    for name in ("COOKIE", "PEER_COOKIE"):
        for length in range(10):
            ids = "NL-61" if length < 9 else "NL-21"
            case(f"{name} of {length}", ids, tunnel(), session(**{name: bytes(range(1, length + 1)).hex()}),
                 session_get())
    case("both cookies", "NL-61", tunnel(), session(COOKIE="01020304", PEER_COOKIE="1112131415161718"), session_get())
    for name in ("RECV_SEQ", "SEND_SEQ", "LNS_MODE"):
        for value in (0, 1, 2, 3, 255):
            case(f"{name} {value}", "NL-62", tunnel(), session(**{name: value}), session_get())
    for timeout in (0, 1, 4, 10, 1000, 0x7ffffffe, 0x80000000, 0xffffffff, 0x100000000, 0x100000004, 2**64 - 1):
        case(f"timeout {timeout}", "NL-63", tunnel(), session(RECV_TIMEOUT=timeout), session_get())
    for text in ("vpn0", "abcdefghijklmno", "x%d", "a-b.c_d", "\xff\xfe", "l2tpeth7"):
        case(f"name {text!r}", "SES-20", tunnel(), session(IFNAME=octets(text.encode("latin-1").hex() + "00")),
             session_get(),
             session(11, IFNAME=octets(text.encode("latin-1").hex() + "00")), session_get(10))
    for text in ("", ".", "..", "a/b", "a:b", "a b", "a\tb", "v%dn%d", "x%s", "x%", "lo"):
        case(f"no name: {text!r}", "SES-20", tunnel(), session(IFNAME=octets(text.encode().hex() + "00")),
             session_get(until="ENODEV"))
    case("a name of sixteen", "NL-24", tunnel(), session(IFNAME=octets("61" * 16 + "00")),
         session(IFNAME=octets("61" * 16)),
         session(IFNAME=octets("")), session_get())
    case("a name with more behind its NUL", "NL-24", tunnel(), session(IFNAME=octets("616200636400")), session_get())
    case("names of their own", "SES-20", tunnel(), session(10), session(11), session_get(10), session_get(11))
    for session_id in (0, 1, 65535, 65536, MAX):
        case(f"session id {session_id}", "NL-64", tunnel(), session(session_id, PEER_SESSION_ID=session_id),
             session_get(session_id),
             dump("SESSION_GET"))
    case("session id 0 by IP", "NL-64 SES-8", tunnel(encap=IP), session(0), session_get(0), dump("SESSION_GET"))
    for encap in (UDP, IP):
        for name, addresses in (("IPv4", V4), ("IPv6", V6)):
            case(f"a session by {'IP' if encap else 'UDP'} over {name}", "NL-77",
                 tunnel(encap=encap, addresses=addresses),
                 session(COOKIE="01020304", PEER_COOKIE="05060708", RECV_SEQ=1, SEND_SEQ=1, LNS_MODE=1,
                         IFNAME="vpn0"), session_get())
    case("attributes that are ignored by sessions", "NL-20", tunnel(),
         session(OFFSET=1, DATA_SEQ=1, L2SPEC_LEN=9, VLAN_ID=1, DEBUG=1, MTU=1, MRU=1, USING_IPSEC=1, PEER_CONN_ID=9,
                 PROTO_VERSION=2), session_get())
    case("a tunnel that is not there", "", session(), tunnel(), session(conn_id=2), session(conn_id=0))
    for version in (0, 1, 4, 255):
        case(f"sessions of a tunnel of version {version}", "SES-7", tunnel(PROTO_VERSION=version),
             session(L2SPEC_TYPE=9 if version < 2 else 1),
             session_get(), dump("SESSION_GET"), session_of("SESSION_DELETE"))
    case("the same id in two UDP tunnels", "SES-4", tunnel(1), tunnel(2), session(10, 1), session(10, 2),
         session_get(10, 1), session_get(10, 2), dump("SESSION_GET"))
    case("the same id in two IP tunnels", "SES-3", tunnel(1, encap=IP), tunnel(2, encap=IP), session(10, 1),
         session(10, 2), dump("SESSION_GET"))
    case("the same id by UDP and then by IP", "SES-3", tunnel(1), tunnel(2, encap=IP), session(10, 1),
         session(10, 2), dump("SESSION_GET"))
    case("the same id by IP and then by UDP", "SES-4", tunnel(1), tunnel(2, encap=IP), session(10, 2),
         session(10, 1), dump("SESSION_GET"))
    case("the same id twice in an IP tunnel", "SES-3", tunnel(encap=IP), session(), session(), dump("SESSION_GET"))
    case("the same id twice in a UDP tunnel", "SES-6", tunnel(), session(), session(), dump("SESSION_GET"))
    case("an id is taken before a name", "SES-20", tunnel(1), tunnel(2, encap=IP), session(10, 2, IFNAME="vpn0"),
         session(10, 1, IFNAME="vpn0"))
    case("version 2 ignores what it has not", "NL-60", tunnel(PROTO_VERSION=2),
         session(PW_TYPE=PPP, L2SPEC_TYPE=9, COOKIE="0102", PEER_COOKIE="0304", IFNAME="vpn0"), session_get())

    for command in ("SESSION_DELETE", "SESSION_MODIFY", "SESSION_GET"):
        case(f"{command} of nothing", "NL-72 Q-5", tunnel(), send(command), send(command, [["CONN_ID", 1]]),
             send(command, [["SESSION_ID", 10]]),
             session_of(command), session_of(command, conn_id=9), send(command, [["IFNAME", "lo"]]),
             send(command, [["IFNAME", ""]]))
        case(f"{command} by name", "NL-70", tunnel(), session(10, IFNAME="vpn0"), session(11, IFNAME="vpn1"),
             send(command, [["IFNAME", "vpn0"], ["CONN_ID", 9], ["SESSION_ID", 11]]),
             session_get(11), send(command, [["CONN_ID", 1], ["SESSION_ID", 11], ["IFNAME", "none"]]))
        case(f"{command} by the id and another tunnel's", "NL-73 Q-8", tunnel(1), tunnel(2), session(10, 1),
             session_of(command, 10, 2),
             session_of(command, 10, 9))
    changes = (("RECV_SEQ", 1), ("SEND_SEQ", 1), ("LNS_MODE", 1), ("RECV_TIMEOUT", 40), ("RECV_SEQ", 2),
               ("SEND_SEQ", 255), ("LNS_MODE", 0), ("RECV_TIMEOUT", 0), ("COOKIE", "0102"), ("PEER_SESSION_ID", 9),
               ("PW_TYPE", 7), ("L2SPEC_TYPE", 9), ("MTU", 9))
    case("a session modified", "NL-76", tunnel(), session(RECV_TIMEOUT=100),
         *(step for change in changes
           for step in (session_of("SESSION_MODIFY", more=[list(change)]), session_get())))
    # another name: in the kernel that of the old one is free a moment later (TUN-43)
    case("a session deleted", "NL-75", tunnel(), session(IFNAME="vpn0"), session_of("SESSION_DELETE"),
         session_get(until="ENODEV"), session_of("SESSION_DELETE"),
         session(IFNAME="vpn1"), session_get(), dump("SESSION_GET"))
    case("a dump of sessions is in the order of tunnels and ids", "NL-78", dump("SESSION_GET"), tunnel(5),
         tunnel(2, encap=IP), tunnel(9, PROTO_VERSION=2),
         session(30, 5), session(4, 5), session(MAX, 5), session(0, 5), session(77, 2), session(1, 2),
         dump("SESSION_GET"))
    case("notifications of sessions", "NL-80 NL-65 NL-93 Q-4", tunnel(), session(COOKIE="01020304", SEND_SEQ=1),
         session_of("SESSION_MODIFY", more=[["SEND_SEQ", 0]]),
         session_get(), session_of("SESSION_DELETE"), subscribe=True)
    ppp_sessions()
    case("several sessions in one datagram", "NL-91", tunnel(),
         {"together": [session(10), session(11), session(11, PW_TYPE=4), session_get(10),
                       session_of("SESSION_MODIFY", 11, more=[["LNS_MODE", 1]]), session_get(11)]})


def ppp_sessions():
    """What a session of pseudowire PPP is while no program has attached a socket to it."""
    for version in (2, 3):
        case(f"a PPP session of version {version} with everything", "SES-30 NL-60 NL-77", tunnel(PROTO_VERSION=version),
             session(PW_TYPE=PPP, L2SPEC_TYPE=0, COOKIE="01020304", PEER_COOKIE="05060708090a0b0c", RECV_SEQ=1,
                     SEND_SEQ=1, LNS_MODE=1, RECV_TIMEOUT=40, IFNAME="ppp7", MTU=1400, MRU=1400),
             session_get(), send("SESSION_GET", [["IFNAME", "ppp7"]]), send("SESSION_GET", [["IFNAME", ""]]),
             dump("SESSION_GET"))
        changes = (("RECV_SEQ", 1), ("SEND_SEQ", 255), ("LNS_MODE", 1), ("RECV_TIMEOUT", 40), ("RECV_SEQ", 0),
                   ("COOKIE", "0102"), ("PW_TYPE", 5), ("MTU", 9))
        case(f"a PPP session of version {version} modified", "NL-76", tunnel(PROTO_VERSION=version),
             session(PW_TYPE=PPP),
             *(step for change in changes
               for step in (session_of("SESSION_MODIFY", more=[list(change)]), session_get())))
        case(f"a PPP session of version {version} deleted", "NL-75", tunnel(PROTO_VERSION=version),
             session(PW_TYPE=PPP), session_of("SESSION_DELETE"), session_get(until="ENODEV"),
             session_of("SESSION_DELETE"), session(PW_TYPE=PPP), session_get(), dump("SESSION_GET"))
        case(f"notifications of PPP sessions of version {version}", "NL-80 NL-83 NL-93", tunnel(PROTO_VERSION=version),
             session(PW_TYPE=PPP, SEND_SEQ=1), session_of("SESSION_MODIFY", more=[["SEND_SEQ", 0]]), session_get(),
             session_of("SESSION_DELETE"), session(11, PW_TYPE=PPP), tunnel_delete(), subscribe=True)
    for session_id in (0, 1, 65535, 65536, 70000, MAX):
        case(f"session id {session_id} of version 2", "NL-64 NL-74 NL-78 SES-8 Q-2", tunnel(PROTO_VERSION=2),
             session(session_id, PW_TYPE=PPP, PEER_SESSION_ID=session_id), session_get(session_id),
             session_get(session_id & 0xffff), session_get(session_id ^ 0x10000), dump("SESSION_GET"))
    case("ids of version 2 are 16 bits", "SES-2 Q-2", tunnel(4, PROTO_VERSION=2), session(7, 4, PW_TYPE=PPP),
         session(65543, 4, PW_TYPE=PPP), session(7, 4, PW_TYPE=PPP), session(65544, 4, PW_TYPE=PPP),
         session(8, 4, PW_TYPE=PPP), tunnel(65540, PROTO_VERSION=2, UDP_SPORT=6000), session(8, 65540, PW_TYPE=PPP),
         session(9, 65540, PW_TYPE=PPP), session_get(9, 4), session_get(8, 65540),
         session_of("SESSION_DELETE", 65545, 4), session_get(9, 65540, until="ENODEV"))
    case("a dump of version 2 is in the order of 16 bits", "NL-78", tunnel(4, PROTO_VERSION=2),
         tunnel(65540, PROTO_VERSION=2, UDP_SPORT=6000), tunnel(5, PROTO_VERSION=2, encap=IP),
         session(30, 4, PW_TYPE=PPP), session(65536 + 20, 4, PW_TYPE=PPP), session(0, 4, PW_TYPE=PPP),
         session(25, 65540, PW_TYPE=PPP), session(65535, 4, PW_TYPE=PPP), session(65536, 5, PW_TYPE=PPP),
         session(3, 5, PW_TYPE=PPP), dump("SESSION_GET"))
    case("one id in tunnels of version 2 and 3", "SES-2 SES-4 NL-73", tunnel(1), tunnel(2, PROTO_VERSION=2),
         tunnel(3, PROTO_VERSION=2), session(10, 1), session(10, 2, PW_TYPE=PPP), session(10, 3, PW_TYPE=PPP),
         session_get(10, 1), session_get(10, 2), session_get(10, 3), dump("SESSION_GET"))
    case("an Ethernet and a PPP session of one tunnel", "SES-10 SES-30 NL-70 NL-71", tunnel(), session(10),
         session(11, PW_TYPE=PPP), session(12, PW_TYPE=PPP, IFNAME="l2tpeth0"), send("SESSION_GET", [["IFNAME", ""]]),
         send("SESSION_GET", [["IFNAME", "l2tpeth0"]]), send("SESSION_DELETE", [["IFNAME", ""]]),
         session_get(12, until="ENODEV"), dump("SESSION_GET"))
    case("PPP ids of IP tunnels are alone too", "SES-3", tunnel(1, encap=IP), tunnel(2, encap=IP), tunnel(3),
         session(10, 1, PW_TYPE=PPP), session(10, 2, PW_TYPE=PPP), session(10, 3, PW_TYPE=PPP), session(10, 1))
    for version in (0, 1, 4, 255):
        case(f"PPP sessions of a tunnel of version {version}", "SES-7 Q-1", tunnel(PROTO_VERSION=version),
             session(PW_TYPE=PPP), session(PW_TYPE=PPP), session_get(), session_of("SESSION_MODIFY"),
             session_of("SESSION_DELETE"), send("SESSION_GET", [["IFNAME", ""]]), dump("SESSION_GET"), subscribe=True)


def main():
    for module in ("l2tp_eth", "l2tp_ip", "l2tp_ip6", "l2tp_ppp"):
        if not pathlib.Path("/sys/module", module).exists():
            subprocess.run(["modprobe", module], check=True)
    for make in (policies, headers, control, tunnels, sessions):
        make()
    names = [c["name"] for c in CASES]
    assert len(set(names)) == len(names), "two cases have one name"
    requests = 0
    for c in CASES:
        answers = matrix.case_run_apart(c, netlink.connect_kernel)
        for step, answer in zip(c["steps"], answers):
            step["answer"] = answer
            requests += len(step.get("together", [step]))
            if "until" in step:
                assert matrix.outcome(answer) == step["until"], f"{c['name']}: {answer}"
    if len(sys.argv) > 1:
        matrix.GOLDEN = pathlib.Path(sys.argv[1])
    matrix.cases_write(platform.release(), CASES)
    print(f"{len(CASES)} cases, {requests} requests")


if __name__ == "__main__":
    main()
