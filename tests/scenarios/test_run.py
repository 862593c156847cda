# SPDX-License-Identifier: BSD-2-Clause
"""ul2tp run: the program it becomes is what it would be without, but for L2TP."""
import os
import signal
import subprocess
import sys

import pytest

from support.daemon import BUILD
from support.launcher import Launcher, processes_of, supervisor_of
from support.wait import eventually

pytestmark = pytest.mark.quick

PYTHON = sys.executable


@pytest.fixture
def launcher(shared_daemon):
    return Launcher(shared_daemon)


def python(launcher, text, *arguments, **more):
    return launcher.run(PYTHON, "-c", text, *arguments, **more)


@pytest.mark.parametrize("status", [0, 1, 3, 42, 255])
def test_the_exit_status_is_the_programs(launcher, status):
    done = launcher.run("sh", "-c", f"exit {status}")
    assert (done.returncode, done.stderr) == (status, "")


def test_standard_input_and_output_are_the_programs(launcher):
    done = launcher.run("tr", "a-z", "A-Z", input="tunnel")
    assert (done.stdout, done.stderr, done.returncode) == ("TUNNEL", "", 0)


def test_pid_and_process_group_stay(launcher):
    process = launcher.popen(PYTHON, "-c", "import os; print(os.getpid(), os.getpgid(0), os.getsid(0), os.getppid())")
    out, err = process.communicate(timeout=60)
    assert out.split() == [str(process.pid), str(os.getpgid(0)), str(os.getsid(0)), str(os.getpid())], err


@pytest.mark.parametrize("program, status, words", [
    ("/no/such/program", 127, "No such file or directory"), ("/etc/passwd", 126, "Permission denied")])
def test_without_a_program(launcher, program, status, words):
    done = launcher.run(program)
    assert done.returncode == status
    assert f'ul2tp run: cannot execute "{program}": {words}' in done.stderr


def test_without_a_daemon_nothing_is_started(tmp_path):
    mark = tmp_path / "started"
    done = subprocess.run([BUILD / "ul2tp", "--backend", "ul2tpd", "--socket", tmp_path / "none", "run", "--", "touch",
                           mark], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    assert "no ul2tpd" in done.stderr and "systemctl start ul2tpd.socket" in done.stderr
    assert not mark.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_signals_reach_the_program_and_nothing_is_left(launcher, number):
    process = launcher.popen("sh", "-c", "echo; exec sleep 60")
    process.stdout.readline()
    eventually(lambda: len(processes_of(process.pid)) == 2, "it has a guardian and a supervisor")
    process.send_signal(number)
    assert process.wait(60) == -number
    process.communicate()
    eventually(lambda: not processes_of(process.pid), "nothing of the launcher is left")


def test_another_launcher_around_serves_the_program(launcher):
    inner = launcher.command("echo", "inside", options=["-v"])
    done = launcher.run(*inner)
    assert (done.returncode, done.stdout) == (0, "inside\n")
    assert "a launcher around serves this program, too" in done.stderr


PPPOX = """
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
s = socket.socket(24, socket.SOCK_DGRAM, 1)
print(s.getsockopt(1, socket.SO_TYPE), s.getsockopt(1, socket.SO_PROTOCOL), s.getsockopt(1, socket.SO_DOMAIN))
def what(call, *arguments):
    try:
        return call(*arguments)
    except OSError as e:
        return errno.errorcode[e.errno]
def name(function):	# Python does not know the family
    room = ctypes.create_string_buffer(64)
    if function(s.fileno(), room, ctypes.byref(ctypes.c_int(64))) < 0:
        raise OSError(ctypes.get_errno(), "")
print(what(s.send, b"x"), what(s.recv, 1, socket.MSG_DONTWAIT))
print(what(name, libc.getpeername), what(name, libc.getsockname))
print(what(s.setsockopt, 273, 3, 1), what(s.getsockopt, 273, 3), what(s.setsockopt, 1, 8, 4096))
"""


def test_a_pppol2tp_socket_that_is_not_connected(launcher):
    done = python(launcher, PPPOX)
    assert done.stdout.splitlines() == ["1 1 24", "ENOTCONN EAGAIN", "ENOTCONN ENOTCONN", "ENOTCONN ENOTCONN None"], \
        done.stderr


def test_a_supervisor_that_is_killed_is_replaced(launcher):
    process = launcher.popen(PYTHON, "-u", "-c", PPPOX + "input()\nprint(s.getsockopt(1, socket.SO_TYPE))\n"
                             "print(socket.socket(24, socket.SOCK_DGRAM, 1).getsockopt(1, socket.SO_DOMAIN))",
                             stdin=subprocess.PIPE)
    for _ in range(4):
        process.stdout.readline()
    killed = supervisor_of(process.pid)
    os.kill(killed, signal.SIGKILL)
    out, err = process.communicate("\n", timeout=60)
    assert out.split() == ["1", "24"], err
    assert "ended by signal 9: another takes over" in err
