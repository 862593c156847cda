# SPDX-License-Identifier: BSD-2-Clause
"""end.py - a host at one end of tunnels: configured, made to send and to receive, asked what it counted

The same whoever does the tunnelling there, the kernel's L2TP or ul2tpd, and wherever it is: End is in a
network namespace of this machine, RemoteEnd stands for one that is inside a machine of vm.py.
"""
import hashlib
import json
import os
import re
import socket
import subprocess
import threading

from support import netlink, netns

PORT = 7000
PATIENCE = 300  # seconds; one of the ends may be in an emulated machine
HERE = "/proc/1/ns/net"


def receive(connection, octets):
    parts = []
    while octets:
        part = connection.recv(min(octets, 1 << 18))
        if not part:
            raise AssertionError(f"the connection ended {octets} octets early")
        parts.append(part)
        octets -= len(part)
    return b"".join(parts)


def send_block(connection, octets):
    """Octets nobody knows beforehand, behind their number and before their checksum."""
    block = os.urandom(octets)
    connection.sendall(octets.to_bytes(8, "big") + block + hashlib.sha256(block).digest())


def receive_block(connection):
    block = receive(connection, int.from_bytes(receive(connection, 8), "big"))
    assert receive(connection, 32) == hashlib.sha256(block).digest(), "the octets are not those that were sent"
    return len(block)


class End:
    """In the network namespace with this path; configured by `ip l2tp`, or with server, the path of ul2tpd's
    socket, by the program ul2tp."""

    def __init__(self, path=HERE, server=None, ul2tp=None):
        self.path, self.server, self.ul2tp = path, server, ul2tp
        self.listener = None

    def close(self):
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def command(self, *words, input=None, check=True):
        environment = dict(os.environ, **({"UL2TP_SOCKET": self.server} if self.server else {}))
        done = subprocess.run(["nsenter", f"--net={self.path}", *words], input=input, text=True, check=False,
                              capture_output=True, timeout=PATIENCE, env=environment)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(words)}: exit status {done.returncode}\n{done.stdout}"
                                 f"{done.stderr}")
        return done.stdout

    def ip(self, lines):
        """Commands of ip(8), without the word ip."""
        self.command("ip", "-batch", "-", input="\n".join(lines) + "\n")

    def l2tp(self, lines):
        """Commands of ip-l2tp(8), from the word add on."""
        if self.server:
            self.command(self.ul2tp, "-batch", "-", input="\n".join(lines) + "\n")
        else:
            self.ip(["l2tp " + line for line in lines])

    def counters(self):
        """([tunnel id, {counter: value}], ...), ([tunnel id, session id, {counter: value}], ...)"""
        with netns.entered(self.path):
            nl = netlink.connect_ul2tpd(self.server) if self.server else netlink.connect_kernel()
        with nl:
            tunnels = [m.decoded for m in nl.l2tp("TUNNEL_GET", dump=True).check().messages]
            sessions = [m.decoded for m in nl.l2tp("SESSION_GET", dump=True).check().messages]
        return ([[t["CONN_ID"], t["STATS"]] for t in tunnels],
                [[s["CONN_ID"], s["SESSION_ID"], s["STATS"]] for s in sessions])

    def mtus(self):
        """{device: MTU}"""
        return {link["ifname"]: link["mtu"] for link in json.loads(self.command("ip", "-j", "link"))}

    def ping(self, address, count=3, patience=PATIENCE):
        """How many answers came, at most count, which are waited for until there are so many. With -w: -W ends
        early where a machine is slow. More are sent while the first are on their way, and may be answered too."""
        out = self.command("ping", "-q", "-n", "-c", str(count), "-i", "0.01", "-w", str(patience), address,
                           check=False)
        return min(count, int(re.search(r"(\d+) received", out)[1]))

    def serve(self):
        """Answer each exchange() of the other end with as much of our own."""
        with netns.entered(self.path):
            self.listener = socket.create_server(("", PORT), family=socket.AF_INET6, dualstack_ipv6=True, backlog=16)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    @staticmethod
    def _answer(connection):
        with connection:
            connection.settimeout(PATIENCE)
            try:
                send_block(connection, receive_block(connection))
            except (OSError, AssertionError):
                return  # the end that asked sees it

    def exchange(self, address, octets):
        """One TCP connection to serve() of the other end: as many octets each way, checksums compared."""
        with netns.entered(self.path):
            connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        with connection:
            connection.settimeout(PATIENCE)
            connection.connect((address, PORT))
            send_block(connection, octets)
            assert receive_block(connection) == octets, "less came back than was sent"


# --- inside a machine -----------------------------------------------------------------------------------

_ends = {}


def keep(name, end):
    """Inside the machine: RemoteEnd(machine, name) outside now means this end."""
    _ends[name] = end


def make(name):
    """As keep(), for an end that is the machine itself with its kernel's L2TP."""
    keep(name, End())


def do(name, method, *arguments):
    return getattr(_ends[name], method)(*arguments)


class RemoteEnd:
    """An end inside the machine, under the name by which it is kept there. Its methods are End's."""

    def __init__(self, machine, name):
        self.machine, self.name = machine, name

    def __getattr__(self, method):
        return lambda *arguments: self.machine.call("support.end:do", self.name, method, *arguments)
