# SPDX-License-Identifier: BSD-2-Clause
"""ul2tp's units under a real systemd: started by the socket, confined as they say, restarted with who depends on them"""
import contextlib
import os
import pathlib

import pytest

from support.daemon import Daemon
from support.launcher import Launcher
from support.netns import Cable
from support.systemd_machine import SYSTEMD, CanNotStart, SystemdMachine
from support.wait import eventually
from support.xl2tpd import Lac

INSTALLED = "/usr/local"
SERVER = """
[global]
access control = no
[lns default]
ip range = 10.9.0.10-10.9.0.90
local ip = 10.9.0.1
require authentication = no
pppoptfile = /etc/ppp/called
length bit = yes
"""
CALLED = """
noauth
nodefaultroute
noccp
ipcp-accept-remote
ipcp-accept-local
"""
# A unit that was stopped has not failed, whatever its program says.
STOPPED = ["inactive", "success"]

if not os.path.exists(SYSTEMD):
    pytest.skip("systemd is not installed", allow_module_level=True)
if os.environ.get("UL2TP_SANITIZED"):
    pytest.skip("a sanitizer needs more than the units allow", allow_module_level=True)


@pytest.fixture(scope="module")
def hosts(build):
    """One of the ends of a cable is systemd's."""
    cable = Cable()
    try:
        with contextlib.ExitStack() as stack:
            try:
                limits = [pathlib.Path("/proc/sys/fs", name).read_text() for name in ("file-max", "nr_open")]
                cable.machine = stack.enter_context(SystemdMachine(cable.near))
                assert limits == [pathlib.Path("/proc/sys/fs", name).read_text() for name in ("file-max", "nr_open")]
            except CanNotStart as why:
                pytest.skip(f"no systemd can be started here: {why}")
            yield cable
    finally:
        cable.close()


@pytest.fixture
def machine(hosts):
    made = hosts.machine
    made.shell("rm -rf /etc/systemd/system/*.d; systemctl daemon-reload; systemctl reset-failed; systemctl start ul2tpd.socket")
    yield made
    made.run("systemctl", "stop", "ul2tpd.socket")


def options_of_the_daemon(machine, *options):
    machine.write("/etc/systemd/system/ul2tpd.service.d/options.conf",
                  f"[Service]\nExecStart=\nExecStart={INSTALLED}/sbin/ul2tpd {' '.join(options)}\n")
    machine.run("systemctl", "daemon-reload")


def sessions(machine, namespace=None):
    words = ["ip", "netns", "exec", namespace] if namespace else []
    said = machine.run(*words, "ul2tp", "show", "session", check=False).stdout
    return said.count("interface name: ")


@pytest.mark.parametrize("options", [(), ("--divert", "raw"), ("--fast-path", "auto", "--workers", "4")], ids=" ".join)
def test_the_socket_starts_it_and_it_can_do_all_it_must(machine, options):
    """In its own namespace and in others, made before and after its start, whose end it sees; a killed engine is replaced.

    Requirements: TUN-12, TUN-47
    """
    options_of_the_daemon(machine, *options)
    assert machine.show("ul2tpd.service", "ActiveState") == ["inactive"]
    machine.shell("ip netns add before; ip -n before link set lo up")
    machine.run("ul2tp", "status")
    assert machine.show("ul2tpd.service", "ActiveState", "SubState", "OOMPolicy") == ["active", "running", "continue"]
    machine.shell("""
ip netns add after; ip -n after link set lo up
for at in before after; do
    ip netns exec $at ul2tp add tunnel tunnel_id 1 peer_tunnel_id 1 encap ip local 127.0.0.1 remote 127.0.0.1
    ip netns exec $at ul2tp add session tunnel_id 1 session_id 1 peer_session_id 1
done
ul2tp add tunnel tunnel_id 2 peer_tunnel_id 2 local 192.0.2.1 remote 192.0.2.2 udp_sport 5000 udp_dport 5001
ul2tp add session tunnel_id 2 session_id 2 peer_session_id 2 name of-systemd
ip netns exec before ul2tp run ip l2tp show session >/dev/null
""")
    machine.run("systemctl", "kill", "-s", "KILL", "--kill-who=all", "ul2tpd.service", check=False)
    eventually(lambda: machine.show("ul2tpd.service", "NRestarts", "SubState") == ["1", "running"], "it is started again")
    machine.shell("""
ip netns exec after ul2tp add tunnel tunnel_id 1 peer_tunnel_id 1 encap ip local 127.0.0.1 remote 127.0.0.1
ip netns exec after ul2tp add session tunnel_id 1 session_id 1 peer_session_id 1
""")
    keeper = machine.show("ul2tpd.service", "MainPID")[0]
    machine.shell(f"kill -KILL $(cat /proc/{keeper}/task/{keeper}/children)")
    eventually(lambda: sessions(machine, "after") == 1, "another engine has taken up what is there")
    assert machine.show("ul2tpd.service", "MainPID") == [keeper]
    seen = machine.journal("ul2tpd.service").count("event=namespace-gone")
    machine.run("ip", "netns", "del", "after")
    eventually(lambda: machine.journal("ul2tpd.service").count("event=namespace-gone") > seen, "the end of a namespace is seen")
    machine.run("ip", "netns", "del", "before")
    machine.run("systemctl", "stop", "ul2tpd.socket")
    assert machine.show("ul2tpd.service", "ActiveState", "Result") == STOPPED
    assert machine.shell("ls /run/ul2tp 2>/dev/null || true") == ""


@pytest.fixture
def server(machine):
    """xl2tpd as a service by our drop-in"""
    machine.write("/etc/xl2tpd/xl2tpd.conf", SERVER)
    machine.write("/etc/ppp/called", CALLED)
    machine.shell(f"cp -r {INSTALLED}/share/ul2tp/drop-ins/xl2tpd.service.d /etc/systemd/system/")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "xl2tpd")
    return machine


@pytest.fixture
def lac(hosts, server, build):
    with Daemon() as daemon, Lac(hosts.far, Launcher(daemon, hosts.far), "192.0.2.1") as made:
        yield made


def called(hosts, lac):
    lac.call()
    lac.up()
    eventually(lambda: hosts.far.run("ping", "-c", "1", "-W", "1", "10.9.0.1", check=False).returncode == 0, "it carries packets")


def processes(machine, unit):
    return machine.shell(f"cat /sys/fs/cgroup/system.slice/{unit}/cgroup.procs 2>/dev/null || true").split()


def test_xl2tpd_ends_its_calls_before_it_is_stopped(hosts, server, lac):
    """Its peer is told: the call ends as a call, and so does the tunnel; of xl2tpd nothing is left, though its pppd are not
    its service's main process."""
    server.write("/etc/systemd/system/xl2tpd.service.d/patient.conf", "[Service]\nTimeoutStopSec=60\n")
    server.run("systemctl", "daemon-reload")
    called(hosts, lac)
    # With pppd and two of the launcher's, when the scripts of pppd have ended.
    eventually(lambda: len(processes(server, "xl2tpd.service")) == 4, "all that it consists of is in its control group")
    assert server.show("xl2tpd.service", "OOMPolicy") == ["continue"]
    server.run("systemctl", "stop", "ul2tpd.socket")
    assert server.show("xl2tpd.service", "ActiveState", "Result") == STOPPED
    assert server.show("ul2tpd.service", "ActiveState", "Result") == STOPPED
    assert processes(server, "xl2tpd.service") == []
    lac.nothing_left()
    assert "Server closing" in lac.said()


def ul2tpd_killed(machine):
    machine.run("systemctl", "kill", "-s", "KILL", "--kill-who=main", "ul2tpd.service")


def ul2tpd_ended(machine):
    """Which is no failure."""
    machine.run("systemctl", "kill", "-s", "TERM", "--kill-who=main", "ul2tpd.service")


def ul2tpd_restarted(machine):
    machine.run("systemctl", "restart", "ul2tpd.service")


def xl2tpd_ended(machine):
    machine.run("systemctl", "kill", "--kill-who=main", "xl2tpd.service")


@pytest.mark.parametrize("what", [ul2tpd_killed, ul2tpd_ended, ul2tpd_restarted, xl2tpd_ended])
def test_calls_are_taken_again_after(hosts, server, lac, what):
    """A new ul2tpd knows nothing of the tunnels that an xl2tpd would still place calls in: both are started again."""
    called(hosts, lac)
    before, = server.show("xl2tpd.service", "MainPID")
    what(server)

    def another():
        state, pid = server.show("xl2tpd.service", "SubState", "MainPID")
        return state == "running" and pid not in (before, "0")
    eventually(another, "another xl2tpd is there")
    lac.kill()
    with Daemon() as daemon, Lac(hosts.far, Launcher(daemon, hosts.far), "192.0.2.1") as caller:
        called(hosts, caller)
        caller.hang_up()
        caller.nothing_left()
