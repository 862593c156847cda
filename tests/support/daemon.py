# SPDX-License-Identifier: BSD-2-Clause
"""daemon.py - an ul2tpd of the test's own, on a private socket, and nothing left of it afterwards"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from support import proc
from support.wait import AT_MOST, SLOW, eventually

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("UL2TP_BUILD", TOP / "build")).resolve()


def programs_for_everyone(directory):
    """A copy of the programs that any user can run, wherever the checkout is; where it is."""
    copy = pathlib.Path(directory) / "programs"
    library = "src/client/libul2tp.so.0"
    (copy / library).parent.mkdir(parents=True)
    for name in ("ul2tpd", "ul2tp", library):
        shutil.copy(BUILD / name, copy / name)
    for path in (copy, copy / "src", copy / "src/client"):
        path.chmod(0o755)
    return copy


def children(pid):
    return [int(c) for thread in proc.threads(pid) for c in proc.text(pid, f"task/{thread}/children").split()]


def in_session(session):
    """Processes, zombies aside, whose session id this is. One of whose threads only the first is a zombie still has all its
    descriptors: it listens, for instance."""
    found = []
    for pid in proc.pids():
        fields = proc.stat(pid)
        if fields and int(fields[3]) == session and (fields[0] != "Z" or int(fields[17]) > 1):
            found.append(pid)
    return found


def descriptors(pid):
    """{number: what it is} of a process that must be there"""
    found = {int(number): proc.link(pid, f"fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}
    return {number: what for number, what in found.items() if what}


def _is_guard(pid):
    return proc.name(pid) == "ul2tpd-guard"


class Daemon:
    """ul2tpd, started and answering.

    options:  more words of its command line
    prefix:   words before it, as ["ip", "netns", "exec", "x"] or ["unshare", "-Urn"]
    wait:     False: for tests of what happens when it can not start
    programs: where it is
    """

    def __init__(self, *options, prefix=(), wait=True, environment=None, preexec=None, socket_path=None,
                 programs=BUILD):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ul2tp-test-"))
        self.directory.chmod(0o755)
        self.socket = str(socket_path or self.directory / "ul2tpd.sock")
        self.log_path = self.directory / "log"
        environment = dict(os.environ, **(environment or {}))
        environment.pop("UL2TP_SOCKET", None)
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [*map(str, prefix), str(programs / "ul2tpd"), "--socket", self.socket, *map(str, options)], stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, env=environment, preexec_fn=preexec)
        if wait:
            try:
                eventually(self.answers, "ul2tpd answers on its socket")
            except BaseException as why:
                self.kill()
                raise AssertionError(f"ul2tpd does not answer; it said:\n{self.log}") from why

    def answers(self):
        assert self.process.poll() is None, f"ul2tpd ended with status {self.process.returncode}"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
                s.connect(self.socket)
                return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    @property
    def pid(self):
        """Of the keeper."""
        return self.process.pid

    @property
    def engine_pid(self):
        return eventually(lambda: [p for p in children(self.keeper_pid) if not _is_guard(p)],
                          "the keeper has an engine")[0]

    def upgrade(self):
        """Have it become what its file is by now. AssertionError if it refuses."""
        engine, upgrades = self.engine_pid, self.log.count("event=upgraded")
        os.kill(self.keeper_pid, signal.SIGUSR2)
        eventually(lambda: self.log.count("event=upgraded") > upgrades, "it is another ul2tpd")
        self.next_engine(engine)

    def next_engine(self, engine):
        """Wait for the one that comes after it."""
        eventually(lambda: self.engine_pid != engine, "the keeper starts another engine")

    @property
    def guard_pid(self):
        """Of the process that frees programs' sockets if the keeper dies; None: there is none."""
        return next((p for p in children(self.keeper_pid) if _is_guard(p)), None)

    def processes(self):
        return in_session(self.process.pid)

    @property
    def keeper_pid(self):
        """The process that is ul2tpd, behind what stands before it (prefix)."""
        pid = self.process.pid
        while not self._is_ul2tpd(pid):
            pid = children(pid)[0]
        return pid

    @staticmethod
    def _is_ul2tpd(pid):
        return os.path.basename(proc.link(pid, "exe")).removesuffix(" (deleted)") == "ul2tpd"

    @property
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_for_log(self, pattern, timeout=20):
        return eventually(lambda: re.search(pattern, self.log), f"the log says {pattern}", timeout)

    def stop(self):
        """SIGTERM; its exit status. AssertionError if anything of it remains."""
        if self.process.poll() is None:
            with contextlib.suppress(IndexError, ProcessLookupError):  # it is ending by itself
                os.kill(self.keeper_pid, signal.SIGTERM)
        try:
            status = self.process.wait(30 * SLOW)
        except subprocess.TimeoutExpired:
            left = self.log
            self.kill()
            raise AssertionError(f"ul2tpd does not end; it said:\n{left}") from None
        try:
            eventually(lambda: not in_session(self.process.pid), "no process of ul2tpd is left")
            assert not os.path.exists(self.socket), "the socket is still there"
        finally:
            self.kill()
        return status

    def kill(self):
        for pid in in_session(self.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(AT_MOST)
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.kill()


class Cli:
    """The program ul2tp, run in a namespace."""

    def __init__(self, daemon, namespace=None, programs=BUILD):
        self.program = str(programs / "ul2tp")
        self.environment = dict(os.environ, UL2TP_SOCKET=daemon.socket, LC_ALL="C")
        self.prefix = ["ip", "netns", "exec", namespace.name] if namespace else []

    def run(self, *words, input=None, timeout=60):
        """The finished process, whatever came of it. A single string is split into words."""
        if len(words) == 1:
            words = words[0].split()
        return subprocess.run([*self.prefix, self.program, *words], env=self.environment, input=input,
                              capture_output=True, text=True, timeout=timeout * SLOW, check=False)

    def __call__(self, *words, **options):
        done = self.run(*words, **options)
        assert done.returncode == 0, f"ul2tp {' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *words):
        return json.loads(self(*(["-j", *words] if len(words) > 1 else ["-j " + words[0]])))

    def popen(self, *words):
        return subprocess.Popen([*self.prefix, self.program, *words], env=self.environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)


def _without_bpf(held):
    return [what for what in held.values() if not what.startswith("anon_inode:bpf")]


def no_more_than(before, pid):
    """The process comes back to the descriptors it had. A worker gets its ring, three of eBPF, with the first tunnel that needs it,
    which may be any: a namespace that comes back can have another worker."""
    def same():
        now = descriptors(pid)
        return (len(_without_bpf(now)) <= len(_without_bpf(before)) and
                len(now) <= len(before) + 3 * os.cpu_count()) or None
    try:
        eventually(same)
    except AssertionError:
        now = descriptors(pid)
        raise AssertionError("descriptors more than before: " + ", ".join(
            f"{n} {w}" for n, w in now.items() if n not in before)) from None


def settle(seconds):
    """Time for something that must not happen. Only where nothing says that it will not happen any more."""
    time.sleep(seconds)
