# SPDX-License-Identifier: BSD-2-Clause
"""launcher.py - programs started by `ul2tp run`"""
import os
import subprocess

from support import proc
from support.daemon import BUILD
from support.wait import SLOW, eventually

REPLIES = ("uevent", "fib", "trap")


def processes_of(program):
    """The guardian and the supervisor of the program with this pid."""
    command = b"ul2tp: launcher of %d" % program
    return sorted(pid for pid in proc.pids() if proc.octets(pid, "cmdline").rstrip(b"\0") == command)


def supervisor_of(program):
    """Pid of the supervisor that serves the program with this pid."""
    return eventually(lambda: [p for p in processes_of(program) if proc.name(p) == "ul2tp-supervise"],
                      "the program has a supervisor")[0]


class Started(subprocess.Popen):
    """A test that has failed does not wait for what may never end."""

    def __exit__(self, kind, *rest):
        if kind:
            self.kill()
        super().__exit__(kind, *rest)


class Launcher:
    """Starts programs whose L2TP is the daemon's."""

    def __init__(self, daemon, namespace=None, reply=None, options=(), programs=BUILD):
        self.environment = dict(os.environ, UL2TP_SOCKET=daemon.socket, LC_ALL="C")
        self.prefix = list(namespace.prefix) if namespace else []
        self.options = [*(["--reply", reply] if reply else []), *options]
        self.ul2tp = str(programs / "ul2tp")

    def command(self, *program, options=()):
        return [*self.prefix, self.ul2tp, "run", *self.options, *options, "--", *map(str, program)]

    def popen(self, *program, options=(), **more):
        return Started(self.command(*program, options=options), **{
            "env": self.environment, "text": True, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE, **more})

    def run(self, *program, options=(), timeout=60, **more):
        """The finished process. All that was started must have ended, or this waits until the time-out."""
        return subprocess.run(self.command(*program, options=options), check=False, timeout=timeout * SLOW, **{
            "env": self.environment, "text": True, "capture_output": True,
            **({} if "input" in more else {"stdin": subprocess.DEVNULL}), **more})

    def __call__(self, *program, **more):
        """What it wrote, if it ended well."""
        done = self.run(*program, **more)
        assert done.returncode == 0, f"{program}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout
