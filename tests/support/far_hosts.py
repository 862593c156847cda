# SPDX-License-Identifier: BSD-2-Clause
"""far_hosts.py - hosts inside a machine of vm.py: namespaces, each with an interface of its own on the wire that is eth0

RemoteEnd(machine, "NAME pppd") outside is such a host with pppd_calls.py, "NAME link" with link_ends.py.
"""
import subprocess

from support import end
from support.link_ends import LinkEnd
from support.netns import Namespace
from support.pppd_calls import PppdEnd


def make(name, address):
    namespace = Namespace(name)
    wire = f"{name}-wire"
    subprocess.run(["ip", "link", "set", "eth0", "up"], check=True)
    subprocess.run(["ip", "link", "add", "link", "eth0", "name", wire, "netns", namespace.name, "type", "macvlan", "mode",
                    "bridge"], check=True)
    namespace.ip(f"address add {address}/24 dev {wire}", f"link set {wire} up")
    pppd = PppdEnd(namespace)
    pppd.serve()
    end.keep(f"{name} pppd", pppd)
    end.keep(f"{name} link", LinkEnd(namespace))
