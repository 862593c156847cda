# SPDX-License-Identifier: BSD-2-Clause
"""What a program's calls give by "ul2tp run" is what they gave on Linux 6.12.

calls.py made them there, recorded by record_calls.py, and makes them here, one run a case, with a daemon under
--kernel-quirks. What may differ stands in DIFFERENT, and in doc/deviations.md.
"""
import json
import os
import pathlib
import subprocess

import pytest

import calls
import requirements
from hosts import control3
from support.daemon import BUILD, Daemon
from support.wait import SLOW

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / "goldens/calls.jsonl"
LIMIT = 400  # seconds for a case
CONTROL = control3(1).hex()

WORDS = {"again": "session id 11 is taken in this namespace.", "none": "there is no tunnel 1 here."}
FAR6 = "0a0000000000000020010db800000000000000000000000200000000"  # as a UDP socket tells it


def told(family, conn_id=None):
    """What TUNNEL_GET tells of a socket that was bound, or whose checksums were asked for, when its tunnel was there."""
    head = [["PROTO_VERSION", 3], ["CONN_ID", conn_id or family], ["PEER_CONN_ID", 100 + (conn_id or family)],
            ["DEBUG", 0], ["ENCAP_TYPE", 0]]
    if conn_id:
        return [*head, ["UDP_ZERO_CSUM6_RX", True], ["UDP_SPORT", 5142], ["UDP_DPORT", 5002],
                ["IP6_SADDR", "2001:db8::1"], ["IP6_DADDR", "2001:db8::2"]]
    if family == 6:
        return [*head, ["UDP_SPORT", 0], ["UDP_DPORT", 0], ["IP6_SADDR", "::"], ["IP6_DADDR", "::"]]
    return [*head, ["UDP_CSUM", 1], ["UDP_SPORT", 0], ["UDP_DPORT", 0], ["IP_SADDR", "0.0.0.0"],
            ["IP_DADDR", "0.0.0.0"]]


# (case, op): (rows of doc/deviations.md, what ul2tp gives)
DIFFERENT = {
    ("a_second_dump", "ends"): ("NL-92", [{"first": 399, "second": 399}, {"first": "done", "second": "done"}]),
    ("errors_by_icmp_of_a_route", "unreachable"): ("UDP-1", 0),
    ("filters_of_the_programs_own", "all refused"): ("RX-9", "EPERM"),
    ("filters_of_the_programs_own", "control messages"): ("RX-9", [CONTROL, control3(2).hex()]),
    ("filters_of_the_programs_own", "all let through"): ("RX-9", "EPERM"),
    ("filters_of_the_programs_own", "taken off, twice"): ("RX-9", ["EPERM", "EPERM"]),
    ("what_is_told_of_a_socket", "IPv4 bound"): ("TUN-22", told(4)),
    ("what_is_told_of_a_socket", "IPv6 bound"): ("TUN-22", told(6)),
    ("what_is_told_of_a_socket", "IPv6 that takes none, changed"): ("TUN-22", told(6, 142)),
    **{("the_command_ip_is_used", op): ("NL-22", [2, "", f"Error: {words}\n"]) for op, words in WORDS.items()},
    ("kinds_of_sockets", "IPv4 pair"): ("IPS-24", "EPROTONOSUPPORT"),
    ("kinds_of_sockets", "IPv6 pair"): ("IPS-24", "EPROTONOSUPPORT"),
    ("how_it_is_received", "IPv4 out of band"): ("IPS-50", "EAGAIN"),
    ("how_it_is_received", "IPv6 out of band"): ("IPS-50", "EAGAIN"),
    ("how_it_is_received", "IPv6 whole, with its name"): ("IPS-50", [20, CONTROL, FAR6]),
    ("how_it_is_received", "IPv6 peeked"): ("IPS-50", [[20, CONTROL, FAR6], 20, [20, CONTROL, FAR6]]),
    ("how_it_is_received", "IPv6 cut off"): ("IPS-50", [[5, CONTROL[:10], FAR6], 0]),
    ("how_it_is_received", "IPv6 cut off, and its length"): ("IPS-50", [20, CONTROL[:10], FAR6]),
}

DIFFERENT |= {
    ("connecting", "its socket is closed"):
        ("PPP-30", ["EINVAL", "ENOTCONN", "ENXIO", "EFAULT", "ENOTCONN", "ENXIO", "EINVAL", "EINVAL"]),
    ("writing", "an unattached file: a bad pointer"): ("PPP-23", ["EFAULT", "ENXIO"]),
    ("writing", "a channel: pieces"): ("PPP-23", [10, ["000200650070ff03c0210101000861626364"]]),
    ("writing", "a unit: pieces"): ("PPP-23", [10, []]),
    ("reading", "a channel: pieces"): ("PPP-22", [10, "c02101", "01000861626364000000"]),
    ("reading", "a unit: pieces"): ("PPP-22", [10, "802101", "01000861626364000000"]),
    ("what_hung_up", "among 1025"): ("PPP-22 PPP-24", [1, "IN OUT HUP RDNORM WRNORM"]),
    ("files_of_one_channel", "forty at once"): ("PPP-21", [32, "00", "1f"]),
    **{("a_file_is_no_socket", f"{words}, as a file"): ("PPP-1", [False, "ESPIPE", "EINVAL"])
       for words in ("unattached", "a channel", "a unit")},
}

DIFFERENT |= {
    **{("how_much_waits_in_ppp", f"{words}: asynchronous"): ("PX-1 PPP-1", ["01000000", "00000000"])
       for words in ("a new socket", "a channel", "an unattached file")},
    ("ways_to_open", "to append"): ("PPP-1", ["ENXIO", False]),
    **{("ways_to_open", f"/dev/ppp/{rest}"): ("PPP-1", "ENOENT") for rest in ("", ".", "..", "x")},
    ("ways_to_open", "/dev/null/../ppp"): ("PPP-1", ["ENXIO", False]),
    ("ways_to_open", "from where one is"): ("PPP-1", [*[["ENXIO", False]] * 3, "ENOENT"]),
    ("ways_to_open", "by a link"): ("PPP-1", ["ENOENT", "ELOOP", "ENOENT", "ENOENT"]),
    ("positions", "pread"): ("PPP-1", ["ESPIPE", "ESPIPE"]),
    ("positions", "preadv"): ("PPP-1", ["ESPIPE", "00000000000000000000"]),
    ("positions", "pread of nothing"): ("PPP-1", "ESPIPE"),
    ("positions", "pread of an unattached one"): ("PPP-1", "ESPIPE"),
    ("positions", "pwrite, twice, and pwritev"): ("PPP-1", [["ESPIPE"] * 3, 0]),
    ("positions", "pwrite to an unattached one"): ("PPP-1", "ESPIPE"),
    ("ways_to_receive", "its length"): ("PX-1", [11, "c021010100086162636401"]),
    ("ways_to_receive", "urgent"): ("PX-1", "ENOTSUP"),
    ("ways_out", "a channel: splice"): ("PPP-1", [10, "c0210101000861626364"]),
}


def observations(text):
    """{case: {op: value}}"""
    found = {}
    for line in text.splitlines():
        seen = json.loads(line)
        found.setdefault(seen["case"], {})[seen["op"]] = seen["value"]
    return found


RECORDED = observations(GOLDEN.read_text())


@pytest.fixture(scope="module")
def quirky(build):
    with Daemon("--kernel-quirks") as daemon:
        yield daemon


def test_every_case_was_recorded():
    assert set(RECORDED) == set(calls.cases())


@pytest.mark.filterwarnings("ignore:record_property is incompatible")  # tests/results.py reads what it writes
@pytest.mark.parametrize("case", RECORDED)
def test_calls(quirky, case, record_property):
    done = subprocess.run(
        [BUILD / "ul2tp", "run", "--files", "--", "/usr/bin/python3", HERE / "calls.py", case], text=True,
        env=dict(os.environ, UL2TP_SOCKET=quirky.socket), capture_output=True, timeout=LIMIT * SLOW, check=False)
    assert done.returncode == 0, done.stderr
    ours = observations(done.stdout).get(case, {})
    wrong = []
    for op in [*(op for op in ours if op not in RECORDED[case]), *RECORDED[case]]:
        _, expected = DIFFERENT.get((case, op), ("", RECORDED[case].get(op, "nothing")))
        if ours.get(op, "nothing") != expected:
            wrong.append(f"{op}\n  expected {json.dumps(expected)}\n  got      {json.dumps(ours.get(op, 'nothing'))}")
    assert not wrong, "\n".join([*wrong, done.stderr])
    differs = {row for (name, _), (rows, _) in DIFFERENT.items() if name == case for row in rows.split()}
    shown = [row for row in calls.cases()[case][1].split() if row not in differs]
    record_property("requirements", " ".join(shown))


def test_what_differs_is_written_down():
    """Each exception above is of an observation that exists, and has its rows in doc/deviations.md."""
    for (case, op), (rows, _) in DIFFERENT.items():
        assert op in RECORDED[case]
        assert set(rows.split()) <= requirements.deviations()
