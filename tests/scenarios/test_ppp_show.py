# SPDX-License-Identifier: BSD-2-Clause
"""ul2tp show ppp: channels and units with what was counted for them, and why frames were dropped"""
import socket
import struct

import pytest

from support.daemon import Cli
from support.ppp_file import LCP, PPPIOCBRIDGECHAN, PPPIOCDISCONN
from support.ppp_link import brought_up, udp_link
from support.wait import eventually

PPPIOCSNPMODE = 0x4008744b
PASS, DROP = 0, 1


@pytest.fixture
def link(shared_daemon, cable):
    with udp_link(shared_daemon, cable) as ends:
        yield ends


def shown(end, daemon):
    return Cli(daemon, end.namespace).json("-s", "show", "ppp")


def reasons(listed, direction):
    return {row["reason"]: row["packets"] for row in listed[f"{direction}_drops"]}


def unit_drops(end, daemon, direction):
    unit, = shown(end, daemon)["units"]
    return reasons(unit, direction)


def send_packet(end):
    """One UDP packet into the interface."""
    with end.namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"a packet", ("10.8.0.2", 9))


def ip_mode(end, mode):
    end.unit.ioctl(PPPIOCSNPMODE, struct.pack("=ii", 0x21, mode))


def test_units_tell_why_they_drop(link, shared_daemon):
    """
    Requirements: PPP-42, PPP-52
    """
    near, far = link
    brought_up(link)
    ip_mode(near, DROP)
    send_packet(near)
    eventually(lambda: unit_drops(near, shared_daemon, "tx").get("np-mode") == 1, "it is not let out")
    ip_mode(near, PASS)
    ip_mode(far, DROP)
    send_packet(near)
    eventually(lambda: unit_drops(far, shared_daemon, "rx").get("np-mode") == 1, "it is not let in")
    near.unit.send(b"\x00\x2dcompressed")
    eventually(lambda: unit_drops(far, shared_daemon, "rx").get("not-set-up") == 1, "nobody can read it")
    near.channel.ioctl_int(PPPIOCDISCONN)
    send_packet(near)
    eventually(lambda: unit_drops(near, shared_daemon, "tx").get("no-channel") == 1, "there is no way out")
    text = Cli(shared_daemon, far.namespace)("-s", "show", "ppp")
    assert f"Unit {far.number}, interface {far.device}\n" in text
    assert "PPP unit lets none of this protocol in" in text and "as was not agreed on" in text


def test_channels_tell_what_they_belong_to(link, shared_daemon):
    """
    Requirements: PPP-21
    """
    near, far = link
    number = shown(far, shared_daemon)["channels"][0]["channel"]
    about = {"channel": number, "state": "bound", "files": 1, "session_id": far.ids[0] + 100, "tunnel_id": far.ids[0]}
    expected = {"units": [{"unit": far.number, "interface": far.device, "shared": False}], "channels": [about]}
    assert Cli(shared_daemon, far.namespace).json("show", "ppp") == expected
    for _ in range(40):
        near.channel.send(LCP + b"that nobody reads")
    eventually(lambda: reasons(shown(far, shared_daemon)["channels"][0], "rx") == {"file-full": 8}, "its file is full")
    far.connect()
    about["unit"] = far.number
    assert Cli(shared_daemon, far.namespace).json("show", "ppp") == expected
    assert f"  connected to unit {far.number}\n" in Cli(shared_daemon, far.namespace)("show", "ppp")
    far.api.session_delete(far.ids[0], far.ids[0] + 100)
    channel, = Cli(shared_daemon, far.namespace).json("show", "ppp")["channels"]
    assert channel["state"] == "session-gone" and "session_id" not in channel


def test_a_bridge_is_shown_at_both_ends(link, shared_daemon):
    """
    Requirements: PPP-30
    """
    far = link[1]
    before = shown(far, shared_daemon)["channels"][0]["channel"]
    another = far.another(2)
    another.ioctl_int(PPPIOCDISCONN)
    numbers = [c["channel"] for c in shown(far, shared_daemon)["channels"]]
    other, = set(numbers) - {before}
    another.ioctl_int(PPPIOCBRIDGECHAN, before)
    assert {c["channel"]: c["bridge"] for c in shown(far, shared_daemon)["channels"]} == {before: other, other: before}


def test_where_there_is_none(shared_daemon, namespace):
    cli = Cli(shared_daemon, namespace)
    assert cli("show", "ppp") == "" and cli.json("show", "ppp") == {"units": [], "channels": []}
    done = cli.run("show", "ppp", "unit")
    assert done.returncode == 1 and 'takes no "unit"' in done.stderr
    assert "show ppp" in cli("show", "ppp", "help")
