# SPDX-License-Identifier: BSD-2-Clause
"""program.py - a program of tests/programs, told what to do line by line

    with Program("kl2tpd", namespace, before=["ul2tp", "run", "--"]) as program:
        program.do("tunnel", 1, 2, 3, "udp", "192.0.2.1", 1701, "192.0.2.2", 1701)
        name = program.do("session", 1, 10, 20, ETHERNET, "-")
        program.control(1)     # the octets of the next message that came on the socket

What can be said is in tests/programs/conversation.h. A command that failed raises OSError with the program's errno.
"""
import contextlib
import os
import pathlib
import queue
import signal
import subprocess
import sys
import threading

from support.daemon import BUILD, TOP
from support.wait import AT_MOST, SLOW

ETHERNET, PPP = 5, 7

# What is run, by the name under which tests know it; what of a program must be built.
PROGRAMS = {
    "static-blocked": ["static", "blocked"],
    "static-poll": ["static", "poll"],
    "static-select": ["static", "select"],
    "static-epoll": ["static", "epoll"],
    "tunneldigger-client": ["tunneldigger", "client", "wire"],
    "tunneldigger-broker": ["tunneldigger", "broker", "wire"],
    "kl2tpd": ["kl2tpd"],
    "scripted": [str(TOP / "tests/programs/scripted.py")],
}


def command(name):
    words = PROGRAMS.get(name) or name.split()
    return [sys.executable if words[0].endswith(".py") else str(BUILD / "tests/programs" / words[0]),
            *(words if words[0].endswith(".py") else words[1:])]


class Program:
    """Started, and through with its first look at the family l2tp.

    name:       of PROGRAMS; or a program of tests/programs with its arguments
    namespace:  it runs there
    before:     words before its own, as of a launcher
    """

    def __init__(self, name, namespace, before=(), environment=None):
        self.words = [*namespace.prefix, *map(str, before), *command(name)]
        assert pathlib.Path(command(name)[0]).exists(), \
            f"{command(name)[0]} is not built: ./run install-deps check, and meson setup anew"
        self.answers, self.events = queue.Queue(), {}
        self.lock = threading.Condition()
        self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        start_new_session=True, env=dict(os.environ, **(environment or {})))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        try:
            self.port = int(self._answer("its start"))
        except BaseException:
            self.close()
            raise

    @property
    def pid(self):
        return self.process.pid

    def _read(self):
        for line in self.process.stdout:
            word, _, rest = line.decode().strip().partition(" ")
            if word in ("control", "lost", "probed", "hung-up"):
                number, _, value = rest.partition(" ")
                with self.lock:
                    self.events.setdefault((word, int(number)), []).append(value)
                    self.lock.notify_all()
            else:
                self.answers.put((word, rest))
        self.answers.put(("ended", ""))

    def _answer(self, what, timeout=20):
        try:
            word, rest = self.answers.get(timeout=timeout * SLOW)
        except queue.Empty:
            raise AssertionError(f"no answer to {what} from {' '.join(self.words)}") from None
        if word == "failed":
            number, _, where = rest.partition(" ")
            raise OSError(int(number), f"{os.strerror(int(number))} ({where})")
        assert word in ("ok", "ready"), f"{word} {rest}, asked for {what}: {' '.join(self.words)}"
        return rest

    def tell(self, *words):
        """What is answered is to be heard()."""
        self.process.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        self.process.stdin.flush()

    def heard(self, what, timeout=20):
        """What is said behind "ok"."""
        return self._answer(what, timeout)

    def do(self, *words):
        """Both at once."""
        self.tell(*words)
        return self.heard(" ".join(map(str, words)))

    def refused(self, *words):
        """The errno with which it fails."""
        try:
            got = self.do(*words)
        except OSError as why:
            return why.errno
        raise AssertionError(f"{words} was not refused: ok {got}")

    def event(self, word, number, timeout=20):
        """The next line of this kind about this tunnel."""
        with self.lock:
            there = self.lock.wait_for(lambda: self.events.get((word, number)), timeout * SLOW)
            assert there, f"no \"{word}\" of tunnel {number}; there is {self.events}"
            return self.events[(word, number)].pop(0)

    def control(self, number):
        """The octets of the next message on the tunnel's socket."""
        return bytes.fromhex(self.event("control", number))

    def unheard(self):
        """Lines that nobody has asked for yet."""
        with self.lock:
            return {key: values for key, values in self.events.items() if values}

    def kill(self):
        """As kill -9 does; it is dead when this comes back."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(AT_MOST)

    def kill_what_is_left(self):
        """Of its children, when it has ended, as a pppd of a test that failed: they have what ul2tpd waits for."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def close(self):
        """The end of its input, which ends it; its exit status."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            status = self.process.wait(20 * SLOW)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{' '.join(self.words)} does not end") from None
        # Somebody else may have its output open still. Closing a stream that another thread reads would wait for that.
        self.reader.join(20 * SLOW)
        assert not self.reader.is_alive(), f"{' '.join(self.words)} has ended, and its output has not"
        self.process.stdout.close()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
