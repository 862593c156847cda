# SPDX-License-Identifier: BSD-2-Clause
"""pppd_calls.py - hosts with pppd on sessions that pppd_call.py makes: here under `ul2tp run`, in a machine on its kernel"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from support import end


class PppdEnd(end.End):
    def __init__(self, namespace, server=None, before=()):
        super().__init__(namespace.path, server)
        self.namespace, self.before, self.tunnel = namespace, before, None
        self.process, self.log = None, tempfile.TemporaryFile("w+")

    def start(self, tunnel, session, peer_session, options):
        self.tunnel = tunnel["CONN_ID"]
        self.process = subprocess.Popen(
            [*self.namespace.prefix, *self.before, sys.executable, "-m", "support.pppd_call", json.dumps(tunnel), str(session),
             str(peer_session), *options], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env=self.environment())

    def environment(self):
        return dict(os.environ, PYTHONPATH=str(pathlib.Path(__file__).parents[1]),
                    **({"UL2TP_SOCKET": self.server} if self.server else {}))

    def has_address(self):
        """And is up, which comes after it, and after a script of pppd's."""
        return "inet " in self.command("ip", "-4", "address", "show", "up", "dev", "ppp0", check=False)

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def ended(self):
        return self.process.poll() is not None

    def stop(self):
        """The interfaces that are left when pppd has hung up and ended, and the tunnel been deleted."""
        if self.process:
            self.process.terminate()
            self.process.wait(end.PATIENCE)
            self.process = None
            self.namespace.run(*self.before, "ip", "l2tp", "del", "tunnel", "tunnel_id", self.tunnel, env=self.environment())
        return sorted(d for d in self.namespace.devices() if d.startswith("ppp"))
