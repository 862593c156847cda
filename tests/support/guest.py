# SPDX-License-Identifier: BSD-2-Clause
"""guest.py - a machine inside this one, of vm.py or uml.py, as tests use it

vm_agent.py runs there and does what is asked, one JSON object a line each way, by a socket whose other end the machine
has as a port. It ends when close() is called, or with the process that made it.
"""
import concurrent.futures
import ctypes
import json
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading

TESTS = pathlib.Path(__file__).resolve().parents[1]
# Seconds for a start, and for what is asked where nothing else is said: here 4 s and parts of one, on a busy machine of
# two processors thirty times as much.
PATIENCE = 600


class Ended(AssertionError):
    """The machine is no more; the text has what its console said last."""


def set_pdeathsig():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def quoted(text):
    """A word for the shell, inside single quotes."""
    assert not set(str(text)) & set("\"'$`\\\n"), f"{text} can not be told to the shell inside"
    return f'"{text}"'


class Guest:
    """A running machine; release is its kernel's. Who derives from it says in _command() how it is started."""

    REQUEST_MAX = 1 << 30   # octets of a line that its port can take

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="ul2tp-vm-")
        self.home = pathlib.Path(self.directory.name)
        self.console_path = self.home / "console"
        self.process, self.waiting, self.numbers, self.ended = None, {}, 0, False
        self.lock = threading.Lock()
        try:
            ready = self._expect(0)
            self._start()
            self.release = self._result(ready, PATIENCE)["value"]
        except BaseException:
            self.close()
            raise

    def _command(self, port):
        """What starts it, with the files in home; the agent's port is the descriptor."""
        raise NotImplementedError

    def _start(self):
        ours, theirs = socket.socketpair()
        with theirs, self.console_path.open("wb") as console:
            self.socket = ours
            self.process = subprocess.Popen(self._command(theirs.fileno()), stdin=subprocess.DEVNULL, stdout=console,
                                            stderr=console, pass_fds=[theirs.fileno()], preexec_fn=set_pdeathsig)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    # --- requests and answers ---------------------------------------------------------------------------

    def _expect(self, number):
        future = concurrent.futures.Future()
        with self.lock:
            if self.ended:
                raise Ended(self._last_words())
            self.waiting[number] = future
        return future

    def _read(self):
        try:
            with self.socket.makefile("rb") as answers:
                for line in answers:
                    answer = json.loads(line)
                    with self.lock:
                        future = self.waiting.pop(answer["id"], None)
                    if future:
                        future.set_result(answer)
        except (OSError, ValueError):
            pass    # it can not be read, or is none of the agent's: without the agent the machine is of no use
        with self.lock:
            self.ended = True
            left, self.waiting = self.waiting, {}
        for future in left.values():
            future.set_exception(Ended(self._last_words()))

    def _request(self, request):
        with self.lock:
            self.numbers += 1
            request["id"] = self.numbers
        line = json.dumps(request).encode() + b"\n"
        assert len(line) <= self.REQUEST_MAX, f"{len(line)} octets are more than can be asked here at once"
        future = self._expect(request["id"])
        try:
            with self.lock:
                self.socket.sendall(line)
        except OSError as why:
            raise Ended(self._last_words()) from why
        return future

    def _result(self, future, timeout):
        try:
            answer = future.result(timeout)
        except concurrent.futures.TimeoutError:
            raise AssertionError(f"the machine did not answer within {timeout} s; "
                                 + self._last_words()) from None
        if "error" in answer:
            raise AssertionError("inside the machine: " + answer["error"])
        return answer

    def _last_words(self):
        lines = self.console_path.read_text(errors="replace").splitlines()[-25:]
        return "its console said last:\n" + "\n".join(lines)

    # --- what tests use ---------------------------------------------------------------------------------

    def run(self, *command, check=True, timeout=PATIENCE, input=None):
        """The finished process; AssertionError with what it said if it failed."""
        command = [str(word) for word in command]
        request = {"command": command, "timeout": timeout, "input": input}
        answer = self._result(self._request(request), timeout + 5)
        if check and answer["status"] != 0:
            raise AssertionError(f"inside the machine: {' '.join(command)}\nexit status {answer['status']}\n"
                                 f"{answer['stdout']}{answer['stderr']}")
        return subprocess.CompletedProcess(command, answer["status"], answer["stdout"], answer["stderr"])

    def call(self, function, *arguments, timeout=PATIENCE):
        """What "package.module:function" of tests/ returns inside; both ways only what JSON can say."""
        return self._result(self._request({"call": function, "arguments": arguments}), timeout)["value"]

    def begin(self, function, *arguments):
        """As call(), but goes on at once: the result is had by calling what is returned."""
        future = self._request({"call": function, "arguments": arguments})
        return lambda timeout=PATIENCE: self._result(future, timeout)["value"]

    def log(self):
        """What the kernel has said."""
        return self.run("dmesg").stdout

    def close(self):
        if self.process:
            # Nothing inside is worth saving: all that it wrote is in its memory.
            self.process.kill()
            self.process.wait()
            self.reader.join(10)
            self.socket.close()
            self.process = None
        self.directory.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
