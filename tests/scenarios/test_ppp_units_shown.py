# SPDX-License-Identifier: BSD-2-Clause
"""ul2tp unit, ul2tp show unit: addresses, rates and accounts of PPP units that somebody else made"""
import json
import os
import pathlib

import pytest

from support.daemon import BUILD, Cli

DAEMON_OPTIONS = ("--workers", "2", "--ppp-device", "shared")
TOP = pathlib.Path(__file__).resolve().parents[2]
TWO = "10.64.0.1/32", "fd64:1::/64"


@pytest.fixture
def ul2tp(shared_daemon, near):
    return Cli(shared_daemon, near.near)


def refused(ul2tp, *words, status=2):
    done = ul2tp.run(*words)
    assert done.returncode == status and done.stdout == "", done.stdout + done.stderr
    return done.stderr.removeprefix("ul2tp: ").rstrip("\n")


def test_addresses(ul2tp, near):
    a, b = near.unit(), near.unit()
    ul2tp("unit", "address", "add", f"ppp{a.number}", TWO[0])
    ul2tp("unit", "address", "add", str(a.number), TWO[1])
    ul2tp("unit", "addr", "add", f"ppp{b.number}", "10.64.0.2")
    assert near.routes() == {"10.64.0.1/32", "10.64.0.2/32"} and near.routes(6) == {"fd64:1::/64"}
    near.send("10.64.0.2", b"to the second")
    assert near.arrived()[0] == b.session
    shown = {u["unit"]: u for u in ul2tp.json("show", "unit")}
    assert shown[a.number]["addresses"] == list(TWO) and shown[b.number]["addresses"] == ["10.64.0.2/32"]
    assert shown[a.number]["interface"] == a.device and shown[a.number]["shared"]
    assert f"Unit {a.number}, interface {a.device}, which others have, too\n  addresses {' '.join(TWO)}\n" in ul2tp("show", "unit")
    ul2tp("unit", "address", "del", f"ppp{a.number}", TWO[0])
    one, = ul2tp.json("show", "unit", f"ppp{a.number}")
    assert one["unit"] == a.number and one["addresses"] == [TWO[1]] and near.routes() == {"10.64.0.2/32"}


def test_rates(ul2tp, near):
    unit = near.unit("10.64.0.1/32")
    name = f"ppp{unit.number}"
    ul2tp("unit", "police", name, "rx", "10mbit", "burst", "100kb", "tx", "1.5Gbit")
    one, = ul2tp.json("show", "unit", name)
    assert (one["rx_rate"], one["rx_burst"], one["tx_rate"], one["tx_burst"]) == (10 ** 7, 102400, 15 * 10 ** 8, 18750000)
    text = ul2tp("show", "unit", name)
    assert "\n  police rx 10Mbit burst 100Kb\n  police tx 1500Mbit burst 18750000b\n" in text
    # As it is shown, it can be said; what is not named stays.
    ul2tp("unit", "police", name, "tx", "8kbit", "burst", "5000b")
    one, = ul2tp.json("show", "unit", name)
    assert (one["rx_rate"], one["tx_rate"], one["tx_burst"]) == (10 ** 7, 8000, 5000)
    ul2tp("unit", "police", name, "rx", "none", "tx", "none")
    one, = ul2tp.json("show", "unit", name)
    assert not {"rx_rate", "rx_burst", "tx_rate", "tx_burst"} & one.keys()
    assert "  police " not in ul2tp("show", "unit", name)


def test_what_was_counted(ul2tp, near):
    """One packet of ten fits into the burst, each way; control frames are never held to a rate."""
    unit = near.unit("10.64.0.1/32")
    ul2tp("unit", "police", str(unit.number), "rx", "1kbit", "burst", "1500", "tx", "1kbit", "burst", "1500")
    for _ in range(10):
        near.send("10.64.0.1", bytes(972))
        unit.reply(bytes(972))
    near.tunnel.fence()
    unit.reply(b"spoofed", "10.64.0.9")
    unit.arrive(bytes.fromhex("8021010100040000"))
    near.tunnel.fence()
    one, = ul2tp.json("-s", "show", "unit", f"ppp{unit.number}")
    counted = one["counters"]
    assert counted["rx_policed"] == 9 and counted["rx_spoofed"] == 1 and counted["rx_dropped"] == 10
    assert (counted["rx_packets"], counted["rx_octets"]) == (2, 1006)
    assert (counted["rx_control_packets"], counted["rx_control_octets"]) == (1, 6)
    assert {r["reason"]: r["packets"] for r in one["rx_drops"]} == {"policed": 9, "source": 1}
    assert counted["tx_packets"] + counted["tx_policed"] <= 10 and counted["tx_policed"] == counted["tx_dropped"]
    text = ul2tp("-s", "show", "unit", str(unit.number))
    assert "  rx_packets 2, rx_octets 1006, of control: 1 with 6 octets\n" in text
    assert "rx_dropped 10, of these policed 9, from a wrong address 1\n" in text and "    rx policed " in text
    assert "rx_drops" not in ul2tp.json("show", "unit")[0]


def test_a_unit_with_an_interface_of_its_own(ul2tp, near):
    """Is named by that, whatever it is called now; pppN is then not the number."""
    own, other = near.unit(own=True), near.unit()
    near.near.ip(f"link set ppp{own.number} name to-berlin")
    assert [u["unit"] for u in ul2tp.json("show", "unit", "to-berlin")] == [own.number]
    assert [u["unit"] for u in ul2tp.json("show", "unit", f"ppp{other.number}")] == [other.number]
    ul2tp("unit", "police", "to-berlin", "rx", "1mbit")
    assert ul2tp.json("unit", "show", "to-berlin")[0]["rx_rate"] == 10 ** 6
    words = refused(ul2tp, "show", "unit", f"ppp{own.number}")
    assert words == f'there is no unit "ppp{own.number}" here: "ul2tp show unit" lists them'
    words = refused(ul2tp, "show", "unit", other.device)
    assert words == f'"{other.device}" is the interface of many units: give the number of one'
    words = refused(ul2tp, "unit", "address", "add", "to-berlin", "10.64.0.1")
    assert words == f"unit {own.number} has an interface of its own to give addresses to"


def test_refusals_and_a_batch(ul2tp, near, tmp_path):
    a, b = near.unit("10.64.0.1/32"), near.unit()
    assert refused(ul2tp, "unit", "address", "add", str(b.number), "10.64.0.1") == f"unit {a.number} has 10.64.0.1/32"
    words = refused(ul2tp, "unit", "address", "del", str(b.number), "10.64.0.9")
    assert words == f"unit {b.number} does not have 10.64.0.9/32"
    assert "a rate is 1000 to" in refused(ul2tp, "unit", "police", str(b.number), "rx", "10bit")
    assert refused(ul2tp, "show", "unit", "4711") == "there is no unit 4711 here"
    batch = tmp_path / "batch"
    batch.write_text("".join(f"unit address add {b.number} 10.65.0.{n}\n" for n in range(1, 5)) +
                     f"unit police {b.number} rx 1mbit # all of it\nshow unit {b.number}\n")
    assert "police rx 1Mbit burst 64Kb" in ul2tp("-batch", batch)
    assert len(ul2tp.json("show", "unit", str(b.number))[0]["addresses"]) == 4


def test_without_rights(ul2tp, near):
    unit = near.unit()
    ul2tp.prefix += ["setpriv", "--bounding-set", "-all"]
    assert "CAP_NET_ADMIN" in refused(ul2tp, "unit", "police", str(unit.number), "rx", "1mbit")


def test_completion(ul2tp, near):
    unit = near.unit()
    script = f"source {TOP}/completions/ul2tp\n" \
        "complete_words() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _ul2tp; echo \"${COMPREPLY[*]}\"; }\n" \
        "complete_words ul2tp uni\ncomplete_words ul2tp unit ''\ncomplete_words ul2tp unit address ''\n" \
        "complete_words ul2tp unit address add ''\ncomplete_words ul2tp unit police ''\n" \
        "complete_words ul2tp unit police 0 r\ncomplete_words ul2tp show unit ''\n"
    environment = ul2tp.environment | {"PATH": f"{BUILD}:{os.environ['PATH']}"}
    done = near.near.run("bash", "-e", input=script, env=environment)
    number = str(unit.number)
    assert done.stdout.splitlines() == ["unit", "address police show help", "add del", number, number, "rx", f"{number} help"]


def test_nothing_there(shared_daemon, namespace):
    cli = Cli(shared_daemon, namespace)
    assert cli("show", "unit") == "" and json.loads(cli("-j", "show", "unit")) == []
