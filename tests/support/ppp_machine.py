# SPDX-License-Identifier: BSD-2-Clause
"""ppp_machine.py - a machine of vm.py with a kernel's own L2TP and PPP, on a wire with a namespace that is near"""
from support.end import RemoteEnd

KERNEL = "linux-image-6.12-amd64"
MODULES = ["l2tp_ppp", "l2tp_netlink", "l2tp_ip", "macvlan", "ppp_mppe", "ppp_deflate", "bsd_comp"]
TAP, NEAR, FAR = "wire", "192.0.2.1", "192.0.2.2"
HOSTS = {"left": "192.0.2.3", "right": "192.0.2.4"}


class PppMachine:
    """The machine itself is at FAR. In it are the HOSTS, namespaces with an address of their own on the wire."""

    def __init__(self, namespace, machine):
        self.namespace, self.machine = namespace, machine
        namespace.sysctl("net/ipv6/conf/default/disable_ipv6", 0)
        namespace.ip(f"address add {NEAR}/24 dev {TAP}", f"link set {TAP} up")
        machine.run("sh", "-c", f"echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip address add {FAR}/24 dev eth0; "
                                "ip link set eth0 up; ip link set lo up")
        machine.call("support.end:make", "far")
        RemoteEnd(machine, "far").serve()
        for host, address in HOSTS.items():
            machine.call("support.far_hosts:make", host, address)
