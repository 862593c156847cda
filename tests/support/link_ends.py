# SPDX-License-Identifier: BSD-2-Clause
"""link_ends.py - hosts whose PPP is done by link_program.py: here under `ul2tp run`, in a machine of vm.py on its kernel"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from support import end
from support.wait import eventually


class LinkEnd(end.End):
    """A program of its own from start() to stop(), which do(method, arguments) asks."""

    def __init__(self, namespace, server=None, before=()):
        super().__init__(namespace.path, server)
        self.namespace, self.before = namespace, before
        self.process, self.log, self.tunnels = None, tempfile.TemporaryFile("w+"), []

    def start(self):
        environment = dict(os.environ, PYTHONPATH=str(pathlib.Path(__file__).parents[1]),
                           **({"UL2TP_SOCKET": self.server} if self.server else {}))
        self.process = subprocess.Popen(
            [*self.namespace.prefix, *self.before, sys.executable, "-m", "support.link_program"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, env=environment)

    def do(self, method, *arguments):
        self.process.stdin.write(json.dumps({"do": method, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the program has ended: {self.said()}"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        if method == "tunnel":
            self.tunnels.append(arguments[0]["CONN_ID"])
        return answer["value"]

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def link(self, tunnel, sessions):
        """A tunnel with these (id, the peer's id), all of them channels of one unit; its interface."""
        self.do("tunnel", tunnel)
        for own, peer in sessions:
            self.do("session", tunnel["CONN_ID"], own, peer)
        return self.do("interface")

    def up(self, device, here, there):
        self.ip([f"link set {device} mtu 1400 up", f"address add {here}/32 peer {there} dev {device}"])

    def stop(self):
        """Its tunnels are deleted, the program ends, and no interface is left."""
        if self.process:
            for tunnel in self.tunnels:
                self.do("delete", tunnel)
            self.tunnels = []
            self.process.stdin.close()
            self.process.wait(end.PATIENCE)
            self.process.stdout.close()
            self.process = None
        eventually(lambda: not any(d.startswith("ppp") for d in self.namespace.devices()), "its interfaces have gone")
