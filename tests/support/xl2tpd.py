# SPDX-License-Identifier: BSD-2-Clause
"""xl2tpd.py - Debian's xl2tpd and pppd, unmodified, as LAC or LNS in a namespace

    with Lns(cable.near, launcher) as lns, Lac(cable.far, launcher, "192.0.2.1") as lac:
        lac.call(); lac.established()

launcher: what starts them (support.launcher.Launcher of that namespace).
"""
import errno
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import termios

from support import proc
from support.end import PATIENCE
from support.launcher import Launcher
from support.wait import eventually

LACS = "one", "two"  # a LAC of xl2tpd's has one call at a time


class Private(Launcher):
    """pppd has secrets of its own in /etc/ppp, and a /run of its own, in the mounts that `ip netns exec` made for it."""

    def __init__(self, daemon, namespace, directory, secret=""):
        super().__init__(daemon, namespace)
        path = directory / "secrets"
        path.write_text(secret)
        path.chmod(0o600)
        self.prefix += ["sh", "-c", f'mount --bind {path} /etc/ppp/chap-secrets && mount -t tmpfs tmpfs /run && exec "$@"', "sh"]


def descendants(pid):
    """All processes that come from this one, itself included."""
    children = {}
    for entry in proc.pids():
        fields = proc.stat(entry)
        if fields:
            children.setdefault(int(fields[1]), []).append(entry)
    found = [pid]
    for one in found:
        found.extend(children.get(one, []))
    return found


def command_of(pid):
    return proc.text(pid, "cmdline").split("\0", maxsplit=1)[0]


def unread(pipe):
    """Octets that stand in it."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


class Xl2tpd:
    """One of the two; .options are lines for pppd."""

    def __init__(self, namespace, launcher, sections, options):
        self.namespace = namespace
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ul2tp-xl2tpd-"))
        self.log = self.directory / "pppd.log"
        self.control = self.directory / "control"
        (self.directory / "options").write_text("\n".join([
            *([] if "auth" in options else ["noauth"]), "nodefaultroute",
            "noccp" if not any("mppe" in o for o in options) else "", "+ipv6",
            "mtu 1400", "mru 1400", "lcp-echo-interval 5", "lcp-echo-failure 4", "ipcp-accept-remote", "ipcp-accept-local",
            "debug", f"logfile {self.log}", *options]) + "\n")
        (self.directory / "conf").write_text(self.configuration(sections))
        (self.directory / "secrets").write_text("")
        self.output = open(self.directory / "output", "wb")
        self.process = launcher.popen("xl2tpd", "-D", "-c", self.directory / "conf", "-s", self.directory / "secrets", "-p",
                                      self.directory / "pid", "-C", self.control, stdout=self.output, stderr=self.output)
        try:
            eventually(lambda: self.control.exists() or self.has_ended(), "xl2tpd listens to its control file", timeout=30)
            assert not self.has_ended(), f"xl2tpd has ended: {self.said()}"
        except BaseException:
            self.close()
            raise

    def has_ended(self):
        return self.process.poll() is not None

    def configuration(self, sections):
        return "[global]\nport = 1701\naccess control = no\ndebug tunnel = yes\n" + "".join(
            f"{section}pppoptfile = {self.directory}/options\nlength bit = yes\n" for section in sections)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """It looks for signals before it waits for packets: one that comes in between it sees with the next packet."""
        def ended():
            if not self.has_ended():
                self.process.terminate()
            return self.has_ended()
        try:
            eventually(ended, "xl2tpd ends", timeout=PATIENCE, interval=0.1)
        except AssertionError:
            self.kill()
            raise
        finally:
            self.output.close()
            shutil.rmtree(self.directory, ignore_errors=True)

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def said(self):
        return (self.directory / "output").read_text(errors="replace") + (
            self.log.read_text(errors="replace") if self.log.exists() else "")

    def devices(self):
        return sorted(d for d in self.namespace.devices() if d.startswith("ppp"))

    def pppds(self):
        return [p for p in descendants(self.process.pid) if command_of(p).endswith("pppd")]

    def has_addresses(self, count=1):
        """Whether so many interfaces of PPP are up with an IPv4 address."""
        shown = self.namespace.run("ip", "-4", "-o", "addr", "show", "up").stdout
        return sum(line.split()[1].startswith("ppp") for line in shown.splitlines()) >= count

    def looks_after_calls(self):
        """While one waits for them."""

    def up(self, count=1):
        def is_up():
            self.looks_after_calls()
            return self.has_addresses(count)
        try:
            eventually(is_up, f"{count} interfaces of PPP are up", timeout=PATIENCE, interval=0.02)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.last_words()}\n{self.said()[-6000:]}") from error

    def last_words(self):
        """What both programs said last, in one line."""
        def last(path):
            lines = path.read_text(errors="replace").splitlines() if path.exists() else []
            return " / ".join(lines[-3:]) or "nothing"
        return f"{type(self).__name__}'s xl2tpd said {last(self.directory / 'output')}; its pppd {last(self.log)}"

    def nothing_left(self):
        eventually(lambda: not self.devices(), "its interfaces have gone", timeout=PATIENCE)


class Lns(Xl2tpd):
    def __init__(self, namespace, launcher, options=()):
        super().__init__(namespace, launcher, ["[lns default]\nip range = 10.9.0.10-10.9.0.90\nlocal ip = 10.9.0.1\n"
                                               "require authentication = no\n"], options)


class Lac(Xl2tpd):
    echoes_seen = tunnels_lost = 0

    def __init__(self, namespace, launcher, lns, options=()):
        super().__init__(namespace, launcher, [f"[lac {name}]\nlns = {lns}\nredial = no\n" for name in LACS], options)

    def order(self, words, *answers):
        """Until it says that it does so. Two orders that come together are read as one, so this waits."""
        def count():
            said = self.said()
            return sum(said.count(answer) for answer in answers)
        before = count()
        try:
            eventually(lambda: self.wrote(words), "xl2tpd takes orders")
            eventually(lambda: count() > before, f"xl2tpd does {words}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.last_words()}\n{self.said()[-6000:]}") from error

    def wrote(self, words):
        """It closes the pipe after each order and opens it again. What comes in between would be lost, if we did not have it
        open until the order is read."""
        pipe = self.pipe()
        if pipe is None:
            return False
        try:
            os.write(pipe, f"{words}\n".encode())
            eventually(lambda: unread(pipe) == 0 or self.has_ended(), "xl2tpd reads the order")
        except BrokenPipeError:
            return False
        finally:
            os.close(pipe)
        return True

    def pipe(self):
        try:
            return os.open(self.control, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as why:
            assert why.errno == errno.ENXIO and not self.has_ended(), f"xl2tpd takes no orders ({why}): {self.said()}"
            return None

    def call(self, number=0):
        self.order(f"c {LACS[number]}", "Connecting to host", "Calling on tunnel")

    def looks_after_calls(self):
        """Two pppd that start in the same moment can have the same random numbers, which they make of the time and their
        process ids; then each takes the other for its own echo, and gives up. Twice that is tried again; who gives up
        three times has an echo. And two xl2tpd that hang up in the same moment each answer for a call that they do not know
        any more ("special ZLB"), by which they lose count of each other's messages; after some tries each gives up the tunnel,
        and with it the call that was begun next."""
        said = self.said()
        echoes = said.count("Serial line is looped back")
        lost = said.count("Maximum retries exceeded for tunnel") if "handle_special: ZLB for closed call" in said else 0
        if self.echoes_seen < echoes <= 2 or self.tunnels_lost < lost <= 2:
            self.echoes_seen, self.tunnels_lost = echoes, lost
            self.nothing_left()
            self.call()

    def hang_up(self, number=0):
        self.order(f"d {LACS[number]}", "Disconnecting from")


class Here:
    """The namespace that this process is in, as the two know it; for a machine with a kernel that has L2TP."""

    @staticmethod
    def run(*command):
        return subprocess.run(command, text=True, capture_output=True, timeout=PATIENCE, check=True)

    @staticmethod
    def devices():
        return [d for d in os.listdir("/sys/class/net") if d != "lo"]

    @staticmethod
    def popen(*program, **more):
        return subprocess.Popen([str(word) for word in program], stdin=subprocess.DEVNULL, **more)


_far = {}


def far_start(role, lns, options, secret):
    """Inside a machine: Lns or Lac, by the kernel's own L2TP and PPP."""
    if secret:
        pathlib.Path("/etc/ppp/chap-secrets").write_text(secret)
    _far[role] = Lns(Here, Here, options) if role == "lns" else Lac(Here, Here, lns, options)


def far_do(role, method, *arguments):
    return getattr(_far[role], method)(*arguments)


class Far:
    """Such a one, seen from outside the machine."""

    def __init__(self, machine, role, lns=None, options=(), secret=None):
        self.machine, self.role = machine, role
        machine.call("support.xl2tpd:far_start", role, lns, list(options), secret)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __getattr__(self, method):
        return lambda *arguments: self.machine.call("support.xl2tpd:far_do", self.role, method, *arguments)


def kill_one(pids):
    os.kill(pids[0], signal.SIGKILL)
