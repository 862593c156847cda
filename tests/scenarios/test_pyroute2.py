# SPDX-License-Identifier: BSD-2-Clause
"""pyroute2 of Debian, a netlink library of its own in Python: its L2TP by ul2tp run"""
import json
import subprocess
import textwrap

import pytest

from support.api import Api
from support.launcher import REPLIES, Launcher

PYTHON = "/usr/bin/python3"

if subprocess.run([PYTHON, "-c", "import pyroute2"], capture_output=True, check=False).returncode:
    pytest.skip("python3-pyroute2 is not installed", allow_module_level=True)

PROGRAM = """
import json, socket
from pyroute2 import IPRoute, L2tp
from pyroute2.netlink.exceptions import NetlinkError

def seen(function, *arguments, **more):
    try:
        return function(*arguments, **more)
    except NetlinkError as why:
        return why.code

l2tp, said = L2tp(), {}
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind(("127.0.0.1", 7002))
own.connect(("127.0.0.1", 7003))
l2tp.create_tunnel(5, 6, remote="127.0.0.2", local="127.0.0.1", udp_sport=7000, udp_dport=7001)
l2tp.create_tunnel(7, 8, remote="127.0.0.1", local="127.0.0.1", fd=own.fileno(), udp_sport=7002,
                   udp_dport=7003)
l2tp.create_session(5, 51, 52, ifname="py0", seq="both")
said["again"] = seen(l2tp.create_session, 5, 51, 52)
l2tp.modify_session(5, 51, seq="both")
said["tunnels"] = [message.get_attr("L2TP_ATTR_CONN_ID") for message in l2tp.get_tunnel()]
session = l2tp.get_session(5, 51)[0]
said["session"] = [session.get_attr("L2TP_ATTR_" + name) for name in ("IFNAME", "PEER_SESSION_ID", "SEND_SEQ", "RECV_SEQ")]
with IPRoute() as routes:
    said["link"] = len(routes.link_lookup(ifname="py0"))
l2tp.delete_session(5, 51)
said["gone"] = [len(l2tp.get_session()), seen(l2tp.delete_session, 5, 51)]
l2tp.delete_tunnel(5)
print(json.dumps(said))
"""


@pytest.mark.parametrize("reply", REPLIES)
def test_its_l2tp(shared_daemon, namespace, reply):
    """
    Requirements: NL-90
    """
    said = json.loads(Launcher(shared_daemon, namespace, reply)(PYTHON, "-c", textwrap.dedent(PROGRAM)))
    assert said == {"again": 17, "tunnels": [5, 7], "session": ["py0", 52, 1, 1], "link": 1, "gone": [0, 19]}
    with Api(shared_daemon, namespace) as api:
        assert api.tunnels() == {}, "the one on its socket went with it"
