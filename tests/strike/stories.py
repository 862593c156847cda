# SPDX-License-Identifier: BSD-2-Clause
"""stories.py - short stories of ul2tpd's clients, told while strike.py strikes at a process; and what must be true afterwards

A story notes what was answered as done (there), and what was asked for and not answered (maybe). Each step has a limit of
time. After a strike the next engine must have all of the former, each of the latter whole or not at all, and nothing else.
"""
import contextlib
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys

from support import netlink, tcx, wire
from support.api import PPP, UDP, Api, encode
from support.capture import Capture
from support.daemon import Daemon, descriptors, no_more_than
from support.fast_pair import make_busy
from support.launcher import Launcher, supervisor_of
from support.netlink import Refused
from support.netns import Cable, Namespace, run
from support.ppp_file import (DEAD, LCP, PPPIOCBRIDGECHAN, PPPIOCCONNECT, PPPIOCDISCONN, PPPIOCNEWUNIT, PPPIOCSFLAGS,
                              PPPIOCUNBRIDGECHAN, PppClient, name)
from support.wait import eventually

STEP_S = 15  # seconds that a step may take, and a process to end
PPPIOCSMRRU, MULTILINK = 0x4004743b, 0x400
FF03 = b"\xff\x03"


class Over(Exception):
    """The story ends here: a step was refused, or its answer did not come."""


class Story:
    options, struck = (), ("engine", "keeper")

    def __init__(self, socket_path=None):
        self.cable = Cable()
        self.near, self.far = self.cable.near, self.cable.far
        self.elsewhere = []     # more namespaces
        self.there, self.maybe, self.refusals, self.closing = set(), set(), [], []
        self.peers, self.numbers, self.files = {}, 0, []
        self.daemon = None
        try:
            self.daemon = Daemon("--workers", "2", *self.options, socket_path=socket_path)
            self.connect()
            self.begin()
            self.had = {pid: descriptors(pid) for pid in (self.daemon.keeper_pid, self.daemon.engine_pid)}
            self.keeper, self.engine = self.daemon.keeper_pid, self.daemon.engine_pid
        except BaseException:
            self.abandon()
            raise

    def connect(self):
        self.api, self.ppp = Api(self.daemon, self.near), PppClient(self.daemon, self.near)

    def begin(self):
        """What is there before the strike."""

    def tell(self):
        """The steps."""

    def act(self):
        with contextlib.suppress(Over):
            self.tell()

    def pid_of(self, process):
        return {"engine": self.engine, "keeper": self.keeper}[process]

    # --- steps

    def step(self, function, *arguments, make=(), drop=(), **values):
        """What it makes and what it drops are pairs or triples: ("tunnel", 1), ("session", 1, 2)."""
        for connection in (self.api.netlink, self.ppp.netlink):
            connection.socket.settimeout(STEP_S)
        try:
            value = function(*arguments, **values)
        except Refused as why:
            self.refusals.append(why)
            self.doubt(drop)
            raise Over from why
        except (OSError, EOFError, IndexError, AssertionError) as why:
            assert not isinstance(why, TimeoutError), f"no answer in {STEP_S} s"
            self.doubt({*make, *drop})
            raise Over from why
        self.there |= set(make)
        self.there -= set(drop)
        return value

    def doubt(self, things):
        self.maybe |= set(things)
        self.there -= set(things)

    def tunnel(self, number, version=3, **values):
        self.peer(number)
        near, far = self.cable.addresses(4)
        self.step(self.api.tunnel_create, make=[("tunnel", number)], **dict({
            "CONN_ID": number, "PEER_CONN_ID": number, "PROTO_VERSION": version, "ENCAP_TYPE": UDP, "IP_SADDR": near,
            "IP_DADDR": far, "UDP_SPORT": 5000 + number, "UDP_DPORT": 6000 + number}, **values))

    def peer(self, number):
        if number not in self.peers:
            self.peers[number] = self.far.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.peers[number].bind((self.cable.addresses(4)[1], 6000 + number))
            self.closing.append(self.peers[number])

    def program_socket(self, number):
        self.peer(number)
        near, far = self.cable.addresses(4)
        made = self.near.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((near, 5000 + number))
        made.connect((far, 6000 + number))
        self.files.append(made)
        return made

    def session(self, tunnel, number, **values):
        self.step(self.api.session_create, tunnel, number, make=[("session", tunnel, number)],
                  **dict({"L2SPEC_TYPE": wire.NONE}, **values))

    def session_goes(self, tunnel, number):
        self.step(self.api.session_delete, tunnel, number, drop=[("session", tunnel, number)])

    def tunnel_goes(self, number):
        self.step(self.api.tunnel_delete, number, drop=self.of_tunnel(number))

    def of_tunnel(self, number):
        return [thing for thing in self.there if thing[1] == number]

    # --- what is there

    def things(self):
        found = {("tunnel", number) for number in self.api.tunnels()}
        return found | {("session", s["CONN_ID"], s["SESSION_ID"]) for s in self.api.sessions()}

    def devices(self):
        return {host: host.devices() - {"wire", "sit0", "ip6tnl0"} for host in (self.near, self.far, *self.elsewhere)
                if os.path.exists(host.path)}

    def after(self):
        """The client's connections may have ended."""
        for connection in (self.api.netlink, self.ppp.netlink):
            connection.close()
        files = self.ppp.files
        eventually(self.answers, "ul2tpd answers", STEP_S)
        self.connect()
        self.ppp.files = files
        for file in files:
            file.client = self.ppp

    def answers(self):
        try:
            with Api(self.daemon, self.near) as api:
                api.netlink.socket.settimeout(STEP_S)
                api.tunnels()
            return True
        except (OSError, EOFError, IndexError):
            return False

    def check_things(self):
        things = self.things()
        assert self.there <= things, f"lost: {self.there - things}; doubtful were {self.maybe}"
        assert things <= self.there | self.maybe, f"nobody asked for {things - self.there - self.maybe}"
        named = sorted(s["IFNAME"] for s in self.api.sessions() if s.get("IFNAME"))
        eventually(lambda: sorted(d for ds in self.devices().values() for d in ds if not d.startswith("ppp")) == named,
                   f"interfaces are those of sessions: {named}, {self.devices()}", STEP_S)

    def check_traffic(self):
        for session in self.api.sessions():
            if session.get("IFNAME"):
                self.passes(session["CONN_ID"], session["SESSION_ID"], session["IFNAME"])

    def host_of(self, device):
        return next(host for host, names in self.devices().items() if device in names)

    def passes(self, tunnel, session, device):
        """A frame of the session's each way."""
        self.numbers += 1
        host, octets = self.host_of(device), wire.frame(b"%d" % self.numbers, length=60)
        host.ip(f"link set {device} up")
        with Capture(host, device, lambda frame: frame[12:14] == octets[12:14]) as capture:
            capture.send(octets)
            assert self.heard(tunnel, wire.data(session, octets)), f"session {session} does not send"
            near, _ = self.cable.addresses(4)
            self.peers[tunnel].sendto(wire.data(session, octets), (near, 5000 + tunnel))
            assert capture.next(5) == octets, f"session {session} does not receive"

    def heard(self, tunnel, packet):
        while select.select([self.peers[tunnel]], [], [], 5)[0]:
            if self.peers[tunnel].recv(1 << 16) == packet:
                return True
        return False

    # --- the end

    def clear(self):
        for file in [*self.files, *self.ppp.files]:
            file.close()
        self.files.clear()
        self.ppp.files.clear()
        for number in self.api.tunnels():
            with contextlib.suppress(Refused):
                self.api.tunnel_delete(number)
        eventually(lambda: not self.things(), "nothing is left", STEP_S)
        eventually(lambda: not [f for f in self.ppp.dump() if f["PPP_STATE"] != DEAD], "no file of PPP is", STEP_S)
        self.no_devices()

    def no_devices(self):
        eventually(lambda: not any(self.devices().values()), f"no interface is left: {self.devices()}", STEP_S)
        eventually(lambda: tcx.programs(self.near, "wire") == (0, 0), "no program is left on the wire", STEP_S)
        assert "clsact" not in self.near.run("tc", "qdisc", "show", "dev", "wire").stdout

    def check_no_leak(self):
        """Of descriptors, compared with before: an engine that came later has none more than the first."""
        for host in self.elsewhere:
            host.close()
        for pid, now in ((self.keeper, self.daemon.keeper_pid), (self.engine, self.daemon.engine_pid)):
            no_more_than(self.had[pid], now)

    def after_keeper(self):
        """Another ul2tpd at the same place, to which the story is told to its end."""
        log, path, old = self.daemon.log, self.daemon.socket, self.daemon
        for closable in [*self.ppp.files, *self.files, self.api.netlink, self.ppp.netlink]:
            closable.close()
        self.ppp.files.clear()
        self.files.clear()
        self.there, self.maybe, self.refusals = set(), set(), []
        self.daemon = Daemon("--workers", "2", *self.options, socket_path=path)
        try:
            self.connect()
            self.begin()
            self.tell()
            self.check_things()
            self.clear()
            self.finish()
            self.daemon.log_before_end = log
        finally:
            old.kill()

    def finish(self):
        self.api.close()
        self.ppp.close()
        self.daemon.log_before_end = self.daemon.log
        assert self.daemon.stop() == 0, "ul2tpd did not end well"

    def abandon(self):
        for closable in [*self.closing, *self.files]:
            closable.close()
        if self.daemon:
            with contextlib.suppress(AttributeError):
                self.ppp.close()
                self.api.close()
            self.daemon.kill()
        for host in self.elsewhere:
            host.close()
        self.cable.close()


# --- by requests -----------------------------------------------------------------------------------------------------

class Ethernet(Story):
    def tell(self):
        self.tunnel(1)
        self.session(1, 1)
        self.session(1, 2, IFNAME="named")
        self.step(self.near.ip, "link set named mtu 1300 up")
        self.step(self.api.session_modify, 1, 1, SEND_SEQ=0)
        self.session_goes(1, 1)
        self.session(1, 3)
        self.tunnel_goes(1)
        self.tunnel(2)
        self.session(2, 4)


class Managed(Story):
    def tell(self):
        one, two = self.program_socket(1), self.program_socket(2)
        self.step(self.api.tunnel_on, one, make=[("tunnel", 1)], CONN_ID=1, PEER_CONN_ID=1)
        self.session(1, 1)
        self.step(self.api.tunnel_on, two, make=[("tunnel", 2)], CONN_ID=2, PEER_CONN_ID=2)
        self.session(2, 2)
        one.setsockopt(socket.SOL_SOCKET, 11, 1)
        self.step(self.api.socket_changed, one)
        self.session_goes(1, 1)
        self.session(1, 3)
        self.doubt(self.of_tunnel(2))
        self.files.remove(two)
        two.close()
        self.tunnel_goes(1)
        self.step(self.api.tunnel_on, one, make=[("tunnel", 3)], CONN_ID=3, PEER_CONN_ID=3)

    def passes(self, tunnel, session, device):
        if tunnel != 2:  # whose socket may just go
            super().passes(tunnel, session, device)


class ManagedRaw(Managed):
    options = ("--divert", "raw")


class PppStory(Story):
    """Sessions of PPP; those in self.calls are complete: (session, what its frames come out of)."""

    def __init__(self, *arguments):
        self.calls = []
        super().__init__(*arguments)

    def call(self, session):
        self.session(1, session, PW_TYPE=PPP)
        made = self.step(self.ppp.socket)
        self.step(made.connect, name(1, session, 0, session, version=3))
        self.calls.append((session, made))
        return made

    def channel(self, call):
        """Between these steps its frames are nobody's."""
        file = self.step(self.ppp.file)
        told = self.calls.pop(next(i for i, (_, made) in enumerate(self.calls) if made is call))
        self.step(file.attach_channel, self.step(call.channel))
        self.calls.append(told)
        return file

    def unit(self, *channels):
        file = self.step(self.ppp.file)
        number = self.step(file.ioctl_int, PPPIOCNEWUNIT, -1)
        for channel in channels:
            self.step(channel.ioctl_int, PPPIOCCONNECT, number)
        return file

    def check_traffic(self):
        """LCP is a channel's file's, or the socket's where there is none."""
        for session, call in self.calls:
            if ("session", 1, session) not in self.there:
                continue
            frame = LCP + b"%d" % self.numbers
            readers = [call, *self.ppp.files]
            self.peers[1].sendto(wire.data2(1, session, FF03 + frame), (self.cable.addresses(4)[0], 5001))
            self.numbers += 1
            assert self.reader_of(readers, frame) or self.bridged, f"nobody gets what comes to session {session}"

    bridged = False

    @staticmethod
    def reader_of(files, frame):
        def found():
            for file in files:
                with contextlib.suppress(BlockingIOError, OSError):
                    if file.held.recv(1 << 16, socket.MSG_DONTWAIT) == frame:
                        return file
            return None
        with contextlib.suppress(AssertionError):
            return eventually(found, timeout=5)


class Ppp(PppStory):
    def tell(self):
        self.tunnel(1, 2)
        call = self.call(1)
        channel = self.channel(call)
        unit = self.unit(channel)
        self.step(self.near.ip, "link set ppp0 mtu 1400 up")
        other = self.call(2)
        self.step(self.channel(other).ioctl, PPPIOCCONNECT, (0).to_bytes(4, "little"))
        self.step(channel.ioctl, PPPIOCDISCONN)
        self.calls.pop()
        self.doubt([("session", 1, 2)])
        other.close()
        unit.close()
        self.session_goes(1, 1)
        self.calls.clear()
        self.session(1, 3, PW_TYPE=PPP)


class Bridge(PppStory):
    def tell(self):
        self.tunnel(1, 2)
        one, two = self.call(1), self.call(2)
        first, second = self.channel(one), self.channel(two)
        number = self.step(two.channel)
        self.bridged = True
        self.step(first.ioctl_int, PPPIOCBRIDGECHAN, number)
        self.step(first.ioctl, PPPIOCUNBRIDGECHAN)
        self.bridged = False
        number = self.step(one.channel)
        self.bridged = True
        self.step(second.ioctl_int, PPPIOCBRIDGECHAN, number)
        self.calls.clear()
        self.doubt([("session", 1, 1), ("session", 1, 2)])
        one.close()
        self.step(self.api.tunnels)


class Multilink(PppStory):
    def tell(self):
        self.tunnel(1, 2)
        channels = [self.channel(self.call(number)) for number in (1, 2)]
        unit = self.unit(*channels)
        self.step(unit.ioctl_int, PPPIOCSMRRU, 1500)
        self.step(unit.ioctl_int, PPPIOCSFLAGS, MULTILINK)
        third = self.channel(self.call(3))
        self.step(third.ioctl_int, PPPIOCCONNECT, 0)
        self.step(channels[0].ioctl, PPPIOCDISCONN)
        self.step(unit.ioctl_int, PPPIOCSFLAGS, 0)


class Batch(Story):
    """50 sessions in one datagram."""

    def tell(self):
        self.tunnel(1)
        numbers = range(1, 51)
        family = self.api.netlink.family("l2tp")
        octets = b"".join(netlink.message_encode(family.id, 5, self.api.netlink.next_sequence(), netlink.genl_payload(
            netlink.L2TP_COMMANDS["SESSION_CREATE"], encode({
                "CONN_ID": 1, "SESSION_ID": n, "PEER_SESSION_ID": n, "PW_TYPE": 5, "L2SPEC_TYPE": wire.NONE}),
            family.version)) for n in numbers)
        made = [("session", 1, n) for n in numbers]
        answer = self.step(self.api.netlink.exchange, octets, make=made)
        refused = {made[i] for i, error in enumerate(answer.errors) if error.code}
        self.refusals += [e for e in answer.errors if e.code]
        self.there -= refused

    def check_traffic(self):
        for session in self.api.sessions()[::10]:
            self.passes(1, session["SESSION_ID"], session["IFNAME"])


class Move(Story):
    """An interface is moved to another namespace, and comes back."""

    def tell(self):
        self.tunnel(1)
        self.session(1, 1, IFNAME="first")
        self.session(1, 2, IFNAME="second")
        self.step(self.near.ip, f"link set first netns {self.far.name}")
        self.step(self.far.ip, "link set first mtu 1200 up")
        self.session_goes(1, 2)
        self.step(self.api.sessions)
        self.session(1, 3, IFNAME="third")
        self.step(self.far.ip, f"link set first netns {self.near.name}")
        self.session_goes(1, 1)


class Fast(Story):
    options = ("--fast-path", "auto")

    def tell(self):
        self.tunnel(1, IP_SADDR="192.0.2.1")
        self.session(1, 1)
        self.used(1)
        self.session(1, 2)
        self.used(2)
        self.step(self.near.ip, "link set l2tpeth0 mtu 1300")
        self.session_goes(1, 1)
        self.step(self.near.ip, "link set wire mtu 1400")
        self.step(self.near.ip, "link set l2tpeth1 down")
        self.tunnel_goes(1)

    def used(self, number):
        device = self.step(self.api.session_get, 1, number)["IFNAME"]

        def busy():
            make_busy(self.near, [device])
            reason = self.api.fast_path(1, number)
            return reason not in ("idle", "in-doubt") and reason
        self.step(lambda: eventually(busy, "decided", 5))


class Gone(Story):
    """A namespace comes and goes."""

    def tell(self):
        host = Namespace("gone")
        self.elsewhere.append(host)
        host.ip("address add 192.0.2.7/24 dev lo")
        self.there_api = self.step(Api, self.daemon, host)
        self.there_api.netlink.socket.settimeout(STEP_S)
        self.closing.append(self.there_api)
        self.step(self.there_api.tunnel_create, CONN_ID=1, PEER_CONN_ID=1, IP_SADDR="192.0.2.7", IP_DADDR="192.0.2.8",
                  UDP_SPORT=5001, UDP_DPORT=6001)
        self.step(self.there_api.session_create, 1, 1)
        self.there_api.close()
        cookie = self.cookie(host)
        self.step(self.api.tunnels)
        self.elsewhere.remove(host)
        host.close()
        self.step(lambda: eventually(lambda: f"namespace-gone netns={cookie}" in self.daemon.log, "it is seen", 5))

    @staticmethod
    def cookie(host):
        with host.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            return int.from_bytes(any_socket.getsockopt(socket.SOL_SOCKET, 71, 8), "little")

    there_api = None

    def check_things(self):
        """What is in the namespace, as long as it is there."""
        for host in self.elsewhere:
            with Api(self.daemon, host) as api:
                sessions = len(api.sessions())
            eventually(lambda h=host, n=sessions: len(h.devices()) == n, "an interface for each session", STEP_S)

    def clear(self):
        if self.there_api:
            self.there_api.close()
        for host in self.elsewhere:
            host.close()
        self.elsewhere.clear()
        super().clear()


class Adopting(Ppp):
    """All kinds are there; the engine is killed, and the next one is struck."""
    struck = ("next",)
    options = ("--fast-path", "auto")

    def begin(self):
        self.had_before = descriptors(self.daemon.keeper_pid)
        self.tunnel(1, 2)
        first, second = self.call(1), self.call(2)
        self.unit(self.channel(first))
        self.channel(second)
        self.tunnel(2)
        for number in (3, 4):
            self.session(2, number)
        self.step(self.api.tunnel_on, self.program_socket(3), make=[("tunnel", 3)], CONN_ID=3, PEER_CONN_ID=3)
        self.session(3, 5)

    def pid_of(self, process):
        return self.keeper

    def tell(self):
        os.kill(self.engine, signal.SIGKILL)
        eventually(lambda: "event=adopted" in self.daemon.log or self.daemon.log.count("engine-died") > 1, "the next engine")

    def after(self):
        """What the next engine had no room for has ended, as it says."""
        super().after()
        if "event=not-adopted" in self.daemon.log:
            self.doubt(set(self.there))
            self.calls = [(session, made) for session, made in self.calls if not made.hung_up()]

    def check_traffic(self):
        PppStory.check_traffic(self)
        Story.check_traffic(self)
        assert self.maybe or "ppp0" in self.near.devices()


# --- by programs behind `ul2tp run` -----------------------------------------------------------------------------------

class Behind(Story):
    """support/link_program.py: tunnels, sessions, channels, a unit. Whoever is killed, each of its calls ends."""
    struck = ("engine", "keeper", "supervisor")

    def begin(self):
        launcher = Launcher(self.daemon, self.near)
        launcher.environment["PYTHONPATH"] = str(pathlib.Path(__file__).parents[1])
        self.process = launcher.popen(sys.executable, "-m", "support.link_program", stdin=subprocess.PIPE,
                                      stderr=subprocess.STDOUT)
        self.do("ups")         # refused, since there is no CCP: the program is there
        self.peer(1)

    def pid_of(self, process):
        return supervisor_of(self.process.pid) if process == "supervisor" else super().pid_of(process)

    def do(self, method, *arguments):
        self.process.stdin.write(json.dumps({"do": method, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        while True:
            assert select.select([self.process.stdout], [], [], STEP_S)[0], f"{method} of the program does not end"
            line = self.process.stdout.readline()
            if line.startswith("{") or not line:
                break
            self.said.append(line)
        assert line, f"the program has ended: {self.said}"
        answer = json.loads(line)
        if "error" in answer and method != "ups":
            self.refusals.append(answer["error"].strip().splitlines()[-1])
            raise OSError(answer["error"])
        return answer.get("value")

    @property
    def said(self):
        return self.__dict__.setdefault("_said", [])

    def tell(self):
        near, far = self.cable.addresses(4)
        tunnel = {"CONN_ID": 1, "PEER_CONN_ID": 1, "PROTO_VERSION": 2, "ENCAP_TYPE": UDP, "IP_SADDR": near, "IP_DADDR": far,
                  "UDP_SPORT": 5001, "UDP_DPORT": 6001}
        self.step(self.do, "tunnel", tunnel, make=[("tunnel", 1)])
        self.step(self.do, "session", 1, 1, 1, make=[("session", 1, 1)])
        device = self.step(self.do, "interface")
        self.step(self.near.ip, f"link set {device} mtu 1400 up")
        self.step(self.do, "session", 1, 2, 2, make=[("session", 1, 2)])
        self.step(self.do, "session", 1, 3, 3, make=[("session", 1, 3)])
        self.step(self.do, "bridge", 1, 2)
        self.step(self.do, "unbridge", 1)
        self.step(self.do, "set_flags", MULTILINK, None, 1500)

    def clear(self):
        try:
            self.process.communicate(timeout=STEP_S)
        except subprocess.TimeoutExpired:
            raise AssertionError("the program does not end") from None
        super().clear()

    def abandon(self):
        if hasattr(self, "process"):
            self.process.kill()
            self.process.communicate()
        super().abandon()

    def after_keeper(self):
        self.process.stdin.close()
        assert self.process.wait(STEP_S) is not None
        super().after_keeper()


STORIES = {story.__name__.lower(): story for story in (
    Ethernet, Managed, ManagedRaw, Ppp, Bridge, Multilink, Batch, Move, Fast, Gone, Adopting, Behind)}
