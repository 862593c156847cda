# SPDX-License-Identifier: BSD-2-Clause
"""systemd-networkd of Debian, unmodified: [NetDev] Kind=l2tp by ul2tp run, as root and with the limits of its unit"""
import contextlib
import os
import signal
import subprocess

import pytest

from support.api import Api
from support.daemon import TOP, programs_for_everyone
from support.launcher import REPLIES, Launcher, processes_of
from support.wait import AT_MOST, eventually

NETWORKD = "/lib/systemd/systemd-networkd"
UNIT = "/lib/systemd/system/systemd-networkd.service"
DROP_IN = TOP / "systemd/systemd-networkd.service.d/ul2tp.conf.in"

CONFIGURATION = {
    "10-udp.netdev": """
        [NetDev]
        Name=udp-tunnel
        Kind=l2tp
        [L2TP]
        TunnelId=10
        PeerTunnelId=12
        Local=static
        Remote=192.0.2.2
        EncapsulationType=udp
        UDPSourcePort=3000
        UDPDestinationPort=4000
        UDPCheckSum=yes
        [L2TPSession]
        SessionId=15
        PeerSessionId=16
        Name=nd-first
        [L2TPSession]
        SessionId=17
        PeerSessionId=18
        Layer2SpecificHeader=none
        Name=nd-second""",
    "11-ip.netdev": """
        [NetDev]
        Name=ip-tunnel
        Kind=l2tp
        [L2TP]
        TunnelId=20
        PeerTunnelId=22
        Local=192.0.2.1
        Remote=192.0.2.3
        EncapsulationType=ip
        [L2TPSession]
        SessionId=25
        PeerSessionId=26
        Name=nd-third""",
    "20-underlay.network": """
        [Match]
        Name=nd-below
        [Network]
        Address=192.0.2.1/24
        LinkLocalAddressing=no
        IPv6AcceptRA=no""",
    "30-sessions.network": """
        [Match]
        Name=nd-first nd-second
        [Network]
        Address=198.51.100.1/24
        LinkLocalAddressing=no
        IPv6AcceptRA=no""",
}
# Its own directories in place of the system's; /sys read-only is how it knows that no udev is there to wait for.
PLACE = """
mount -o remount,ro /sys && mount --bind "$1" /etc/systemd/network && mount -t tmpfs none /run/systemd &&
mkdir -p /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp &&
chown -R systemd-network: /run/systemd/netif && shift && exec "$@"
"""

if not os.path.exists(NETWORKD):
    pytest.skip("systemd-networkd is not installed", allow_module_level=True)


@pytest.fixture
def place(namespace, open_directory):
    """Prefix of a program in a namespace with an interface for it to configure."""
    configuration = open_directory / "network"
    configuration.mkdir(mode=0o755)
    for name, text in CONFIGURATION.items():
        lines = (line.strip() for line in text.strip().splitlines())
        (configuration / name).write_text("\n".join(lines) + "\n")
    namespace.ip("link add nd-below type veth peer name nd-far", "link set nd-far up")
    return [*namespace.prefix, "sh", "-c", PLACE, "sh", str(configuration)]


@contextlib.contextmanager
def running(launcher, log):
    with log.open("w") as out:
        process = launcher.popen(NETWORKD, stdout=out, stderr=out)
    try:
        yield process
    except AssertionError as why:
        raise AssertionError(f"{why}\n{log.read_text()}") from why
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(AT_MOST)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    eventually(lambda: not processes_of(process.pid), "nothing of the launcher is left")


def configured(api, namespace):
    """What it was told to make is there, with its addresses."""
    if set(api.tunnels()) != {10, 20} or not {"nd-first", "nd-second", "nd-third"} <= namespace.devices():
        return False
    return all("198.51.100.1/24" in namespace.run("ip", "-4", "address", "show", "dev", name).stdout
               for name in ("nd-first", "nd-second"))


@pytest.mark.parametrize("limits", ["root", "unit"])
@pytest.mark.parametrize("reply", REPLIES)
def test_what_its_files_say_is_made(shared_daemon, namespace, place, open_directory, reply, limits):
    """It asks for the group of each message, and takes none of a group for an answer.

    Requirements: NL-90
    """
    if limits == "unit" and reply == "uevent":
        reply = None  # which needs a namespace, and the unit allows none: the choice is the launcher's
    launcher = Launcher(shared_daemon, reply=reply, programs=programs_for_everyone(open_directory))
    launcher.environment["SYSTEMD_LOG_LEVEL"] = "debug"
    launcher.prefix = place
    if limits == "unit":
        launcher.prefix = [*place, "/usr/bin/python3", str(TOP / "tests/support/service_unit.py"), f"{UNIT},{DROP_IN}"]
    log = open_directory / "log"
    with Api(shared_daemon, namespace) as api:
        with running(launcher, log):
            eventually(lambda: configured(api, namespace), "networkd has made its tunnels")
        tunnels = api.tunnels()
        assert [tunnels[10].get(n) for n in ("PEER_CONN_ID", "ENCAP_TYPE", "IP_SADDR", "IP_DADDR", "UDP_SPORT",
                                             "UDP_DPORT", "UDP_CSUM")] == [12, 0, "192.0.2.1", "192.0.2.2", 3000, 4000, 1]
        assert [tunnels[20].get(n) for n in ("PEER_CONN_ID", "ENCAP_TYPE")] == [22, 1]
        for conn_id in tunnels:
            api.tunnel_delete(conn_id)
