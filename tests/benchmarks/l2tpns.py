# SPDX-License-Identifier: BSD-2-Clause
"""l2tpns.py - Debian's l2tpns as LNS at the far host, called by xl2tpd and pppd on ul2tpd at the near one

l2tpns has no sessions but those that L2TP and PPP have agreed on, and asks RADIUS about each: so there is a server here
that lets everybody in. The user's name is that of the underlay, and gets the address of the row at the near host.
"""
import hashlib
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import threading

from benchmarks.progress import Failed, say
from support.launcher import Launcher
from support.wait import eventually
from support.xl2tpd import Lac

SECRET = "bench"
ACCEPT, USER_NAME, SERVICE_TYPE, FRAMED_PROTOCOL, FRAMED_ADDRESS = 2, 1, 6, 7, 8
CONFIGURATION = f"""set debug 3
set log_file "@/log"
set pid_file "@/pid"
set hostname "far"
set primary_radius 127.0.0.1
set radius_secret "{SECRET}"
set radius_authtypes "pap"
set cluster_interface lo
set cluster_hb_timeout 5
"""
PROGRAMS = ("l2tpns", "xl2tpd", "pppd")


def lacking():
    """What of the programs is not installed."""
    return [name for name in PROGRAMS if not shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")]


class Radius:
    """RFC 2865: lets every user in, with the address that is his."""

    def __init__(self, namespace, addresses):
        self.addresses = addresses
        self.socket = namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 1812))
        self.socket.settimeout(0.2)
        self.done, self.thread = False, threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        while not self.done:
            try:
                packet, peer = self.socket.recvfrom(4096)
            except TimeoutError:
                continue
            self.socket.sendto(self._accept(packet), peer)

    def _accept(self, packet):
        at, user = 20, ""
        while at + 2 < len(packet) and packet[at + 1] >= 2:
            if packet[at] == USER_NAME:
                user = packet[at + 2:at + packet[at + 1]].decode()
            at += packet[at + 1]
        attributes = bytes([FRAMED_ADDRESS, 6]) + socket.inet_aton(self.addresses[user])
        attributes += struct.pack("!BBIBBI", SERVICE_TYPE, 6, 2, FRAMED_PROTOCOL, 6, 1)
        head = struct.pack("!BBH", ACCEPT, packet[1], 20 + len(attributes))
        return head + hashlib.md5(head + packet[4:20] + attributes + SECRET.encode()).digest() + attributes

    def close(self):
        self.done = True
        self.thread.join()
        self.socket.close()


class Callers(Lac):
    """xl2tpd with a call for each underlay; calls: {underlay: address of the LNS}"""

    def __init__(self, namespace, launcher, calls, mtu):
        self.calls, self.mtu = calls, mtu
        super().__init__(namespace, launcher, "", [])

    def configuration(self, role):
        sections = ""
        for name, lns in self.calls.items():
            options = self.directory / f"options-{name}"
            options.write_text((self.directory / "options").read_text()
                               + f"noipv6\nmtu {self.mtu}\nmru {self.mtu}\nuser {name}\npassword any\n")
            sections += f"[lac {name}]\nlns = {lns}\nredial = no\nlength bit = yes\npppoptfile = {options}\n"
        return f"[global]\nport = 1701\naccess control = no\n{sections}"


class Calls:
    """near, far: namespaces; lns, addresses: {underlay: where l2tpns is}, {underlay: (near, far) inside}"""

    def __init__(self, cleanup, near, far, daemon, prefix, lns, addresses, mtu):
        self.directory = pathlib.Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="ul2tp-l2tpns-")))
        for _, there in addresses.values():
            far.ip(f"address add {there}/32 dev lo")
        cleanup.callback(Radius(far, {name: here for name, (here, _) in addresses.items()}).close)
        self._start(cleanup, far, prefix, addresses)
        self.callers = Callers(near, Launcher(daemon, near), lns, mtu)
        cleanup.callback(self.callers.close)
        for count, name in enumerate(lns, 1):
            self.callers.order(f"c {name}", "Connecting to host", "Calling on tunnel")
            self.callers.up(count)
            here, there = addresses[name]
            device = next(line.split()[1] for line in near.run("ip", "-4", "-o", "address").stdout.splitlines()
                          if f" {here} " in line)
            near.ip(f"route add {there} dev {device}")

    def _start(self, cleanup, far, prefix, addresses):
        network = ".".join(next(iter(addresses.values()))[0].split(".")[:2])
        (self.directory / "startup-config").write_text(CONFIGURATION.replace("@", str(self.directory))
                                                       + f"set peer_address {network}.251.1\n")
        (self.directory / "ip_pool").write_text(f"{network}.250.0/24\n")
        (self.directory / "users").write_text("")
        process = far.popen("unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/l2tpns && exec "$@" 2>&1', self.directory, *prefix,
                            "l2tpns", stdout=subprocess.DEVNULL)
        cleanup.callback(process.wait)
        cleanup.callback(process.kill)
        say("waiting until l2tpns believes that it is the master of its cluster")
        eventually(lambda: process.poll() is not None or "tun0" in far.devices() and self._is_master(), "l2tpns is ready",
                   timeout=60)
        if process.poll() is not None:
            raise Failed(f"l2tpns ended with status {process.returncode}")

    def _is_master(self):
        log = self.directory / "log"
        return log.exists() and "declaring myself the master" in log.read_text(errors="replace").lower()
