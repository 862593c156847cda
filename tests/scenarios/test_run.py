# SPDX-License-Identifier: BSD-2-Clause
"""ul2tp run: the program it becomes is what it would be without, but for L2TP."""
import contextlib
import os
import pty
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import time

import pytest

from support import proc
from support.daemon import BUILD, TOP, Cli, descriptors, programs_for_everyone
from support.launcher import REPLIES, Launcher, processes_of, supervisor_of
from support.wait import AT_MOST, SLOW, eventually

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


# A program that writes into a file which of its standard streams are open, and what its kernel answered.
STREAMS = """
import os, sys
from asking import ask, opened
there = [number for number in range(3) if os.path.exists(f"/proc/self/fd/{number}")]
answer = ask(opened())
os.write(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), f"{there} {answer}".encode())
"""


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1], [0, 1, 2]], ids=str)
def test_standard_streams_that_are_closed(launcher, tmp_path, closed):
    """They are to the program; nothing of ours has their numbers."""
    script = 'exec "$@" ' + " ".join(f"{number}>&-" for number in closed)
    command = ["sh", "-c", script, "sh", *launcher.command(PYTHON, "-c", STREAMS, tmp_path / "said")]
    done = subprocess.run(command, env=dict(launcher.environment, PYTHONPATH=str(TOP / "tests/support")), check=False,
                          timeout=60 * SLOW, stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == 0, done.stderr
    said = (tmp_path / "said").read_text()
    assert said == f"{sorted({0, 1, 2} - set(closed))} (1, 'l2tp')"


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
    process.communicate(timeout=AT_MOST)
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
    """
    Requirements: PX-2
    """
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


# --- descriptors ---

def asks(launcher, text, *arguments, **more):
    """A Python program with asking.py at hand; its output's words."""
    text = "import os, socket, sys\nfrom support.asking import *\n" + text
    environment = dict(launcher.environment, PYTHONPATH=str(TOP / "tests"))
    done = launcher.run(PYTHON, "-c", text, *arguments, env=environment, **more)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(params=REPLIES)
def each(request, shared_daemon):
    """A launcher with each way for answers."""
    return Launcher(shared_daemon, reply=request.param)


def test_the_family_is_there(each):
    assert asks(each, "print(*ask(opened(), 7))").stdout == "7 l2tp\n"


def test_a_stand_in_over_fork_and_exec(each):
    text = """
s = opened()
if os.fork() == 0:
    s.set_inheritable(True)
    os.execv(sys.executable, [sys.executable, "-c",
             "import sys; from support.asking import *; print(*ask(adopted(int(sys.argv[1])), 3))", str(s.fileno())])
os.wait()
print(*ask(s, 4))
"""
    assert asks(each, text).stdout == "3 l2tp\n4 l2tp\n"


def test_a_stand_in_and_its_copies(each):
    text = """
import fcntl
s = opened()
copies = [s, adopted(os.dup(s.fileno())), s.dup(), adopted(fcntl.fcntl(s, fcntl.F_DUPFD, 0)),
          adopted(fcntl.fcntl(s, fcntl.F_DUPFD, 1000))]
print(len({inode(c) for c in copies}), len({c.fileno() for c in copies}), copies[4].fileno() >= 1000,
      [os.get_inheritable(c.fileno()) for c in copies])
for c in copies[:4]:
    print(*ask(c))
s.close()
print(*ask(copies[1], 9))
"""
    assert asks(each, text).stdout.splitlines() == [
        "1 5 True [False, False, False, True, True]", *["1 l2tp"] * 4, "9 l2tp"]


def test_a_stand_in_by_scm_rights_to_a_child(each):
    text = """
a, b = socket.socketpair()
if os.fork() == 0:
    a.close()
    s = opened()
    socket.send_fds(b, [b"x"], [s.fileno()])
    os._exit(0)
os.wait()
_, fds, _, _ = socket.recv_fds(a, 1, 1)
high = os.dup2(fds[0], 990)
print(*ask(adopted(high), 2))
"""
    assert asks(each, text).stdout == "2 l2tp\n"


def test_a_low_limit_of_descriptors(each):
    done = asks(each, "import resource; s = opened(); print(s.fileno() < 256, *ask(s))",
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
    assert done.stdout == "True 1 l2tp\n"


def test_a_limit_that_the_program_lowers(shared_daemon, namespace):
    """Below the numbers that stand-ins have: it is told why."""
    refused = Launcher(shared_daemon, namespace).run("sh", "-c", "ulimit -n 100; exec ip l2tp show tunnel")
    assert refused.returncode == 1 and "Too many open files" in refused.stderr
    assert re.search(r"has lowered its limit of descriptors \(ulimit -n\) below \d+, which stand-ins need", refused.stderr)


def test_a_limit_too_low_for_stand_ins(launcher):
    done = launcher.run("true", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)))
    assert (done.returncode, done.stderr) == (
        1, "ul2tp run: RLIMIT_NOFILE is too low (ulimit -n): Too many open files\n")


@pytest.mark.plain  # sanitizers need it themselves
def test_without_proc(launcher):
    # Nor can a program say without it which folder it is in, where the library is.
    launcher.prefix = ["unshare", "--mount", "sh", "-c", 'umount -l /proc && exec env LD_LIBRARY_PATH="$0" "$@"',
                       str(BUILD / "src/client")]
    done = launcher.run("true")
    assert (done.returncode, done.stderr) == (
        1, "ul2tp run: /proc is needed (mount -t proc proc /proc): No such file or directory\n")


def test_all_numbers_in_use(launcher):
    text = """
import errno
kept = []
try:
    while True:
        kept.append(opened())
except OSError as e:
    print(len(kept), errno.errorcode[e.errno])
print(*ask(kept[-1]))
kept.pop(0).close()
print(*ask(opened()))
"""
    done = asks(launcher, text)
    assert done.stdout.splitlines() == ["64 EMFILE", "1 l2tp", "1 l2tp"]
    assert "has something at all of the numbers from 960 to 1023, which stand-ins need" in done.stderr


def test_threads_ask_at_once(each):
    text = """
import threading
wrong = []
def work(number):
    s = opened()
    for i in range(50):
        got = ask(s, number << 16 | i)
        if got != (number << 16 | i, "l2tp"):
            wrong.append(got)
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(wrong)
"""
    assert asks(each, text).stdout == "[]\n"


def test_waiting_for_an_answer(each):
    text = """
import select, time
s = opened(socket.SOCK_NONBLOCK)
p = select.epoll()
p.register(s, select.EPOLLIN | select.EPOLLET)
q = select.poll()
q.register(s, select.POLLIN)
print(p.poll(0), q.poll(0), select.select([s], [], [], 0)[0])
for i in range(3):
    s.send(question(i))
    print(len(p.poll(10)), len(q.poll(10000)), len(select.select([s], [], [], 10)[0]), *answer(s))
try:
    s.recv(1)
except BlockingIOError:
    print("nothing")
"""
    assert asks(each, text).stdout.splitlines() == ["[] [] []", *[f"1 1 1 {i} l2tp" for i in range(3)], "nothing"]


def test_hundreds_that_wait_to_receive(each):
    """hold up nobody, nor what they wait for."""
    text = """
import threading
threading.stack_size(131072)
s = opened()
s.bind((0, 0))
heard = []
threads = [threading.Thread(target=lambda: heard.append(s.recv(65536))) for _ in range(300)]
for t in threads:
    t.start()
print(*ask(opened()))
for i in range(300):
    s.send(question(i))
for t in threads:
    t.join()
print(len(heard))
"""
    assert asks(each, text, timeout=30).stdout.split() == ["1", "l2tp", "300"]


def test_a_copy_moved_to_a_low_number(launcher, shared_daemon):
    text = """
s = opened(socket.SOCK_NONBLOCK)
os.dup2(s.fileno(), 50)
low = adopted(50)
low.send(question(1))
try:
    print(*read(*low.recvfrom(65536)))
except (AssertionError, BlockingIOError):
    print("none")
"""
    done = asks(launcher, text)
    warning = "moves a netlink socket to a number that is none from 960 to 1023"
    assert warning in done.stderr and "ul2tp run -s" in done.stderr
    done = asks(Launcher(shared_daemon, options=["-s"]), text)
    assert (done.stdout, done.stderr) == ("1 l2tp\n", "")
    higher = "import fcntl, resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (2000, 2000))\n"
    assert warning in asks(launcher, higher + "s = opened()\nfcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 1024)").stderr


# --- where a program is ---

def test_a_namespace_entered_before_or_after(shared_daemon, new_namespace):
    one, two = new_namespace("one"), new_namespace("two")
    tunnel = ["ip", "l2tp", "add", "tunnel", "tunnel_id", "1", "peer_tunnel_id", "2", "local", "127.0.0.1", "remote",
              "127.0.0.1", "udp_sport", "5001", "udp_dport", "5002"]
    show = ["ip", "l2tp", "show", "tunnel"]
    Launcher(shared_daemon, one)(*tunnel)
    assert "Tunnel 1," in Launcher(shared_daemon)(*one.prefix, *show)
    assert "Tunnel 1," in Launcher(shared_daemon)("ip", "-n", one.name, *show[1:])
    assert Launcher(shared_daemon)(*two.prefix, *show) == ""
    Launcher(shared_daemon, one)(*two.prefix, *tunnel)
    assert "Tunnel 1," in Launcher(shared_daemon, two)(*show)
    assert Launcher(shared_daemon)(*show) == ""


# --- the terminal and processes ---

def said_on(terminal, word):
    """What is read there until the word has come"""
    said = b""
    while word not in said:
        assert select.select([terminal], [], [], AT_MOST)[0], f"{word!r} never came: {said!r}"
        said += os.read(terminal, 1000)
    return said


def test_control_c_reaches_the_program_alone(launcher):
    command = launcher.command("sh", "-c", "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.1; done")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, launcher.environment)
    try:
        said_on(terminal, b"ready")
        launched = processes_of(pid)
        os.write(terminal, b"\x03")
        said_on(terminal, b"interrupted")
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
    assert len(launched) == 2 and status == 9
    eventually(lambda: not processes_of(pid), "nothing of the launcher is left")


def test_a_daemon_that_outlives_its_starter_is_served(launcher, tmp_path):
    """And nobody's pipe is held for it."""
    text = """
import time
if os.fork():
    os._exit(0)
os.setsid()
for number in (0, 1, 2):
    os.dup2(os.open(os.devnull, os.O_RDWR), number)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
got = ask(opened())
with open(sys.argv[1] + ".new", "w") as f:
    f.write(f"{os.getpid()} {got}")
os.rename(sys.argv[1] + ".new", sys.argv[1] + ".got")
"""
    done = asks(launcher, text, str(tmp_path / "go"))	# comes back: the end of its pipes was seen
    assert (done.stdout, done.stderr) == ("", "")
    (tmp_path / "go").touch()
    eventually((tmp_path / "go.got").exists, "the daemon was served")
    assert (tmp_path / "go.got").read_text().endswith("(1, 'l2tp')")


def test_a_set_user_id_program(launcher, open_directory):
    """Started by root it has its other user's rights."""
    program = shutil.copy("/usr/bin/id", open_directory / "who")
    os.chown(program, 12345, 0)
    os.chmod(program, 0o4755)
    alone = subprocess.run(["setpriv", "--reuid", "1", program, "-u"], capture_output=True, text=True, check=True)
    if alone.stdout != "12345\n":
        pytest.skip("this file system has no set-user-ID programs")
    assert launcher("setpriv", "--reuid", "1", program, "-u") == "12345\n"


# --- rights ---

TUNNEL = ["ip", "l2tp", "add", "tunnel", "tunnel_id", "1", "peer_tunnel_id", "2", "local", "127.0.0.1", "remote",
          "127.0.0.1", "udp_sport", "5001", "udp_dport", "5002"]
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
ROOT_ELSEWHERE = [*NOBODY, "unshare", "-Ur"]
WITHOUT_IT = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]


@pytest.mark.parametrize("who", [NOBODY, ROOT_ELSEWHERE, WITHOUT_IT], ids=["nobody", "root elsewhere", "less than root"])
def test_a_program_can_do_no_more_than_it_could_itself(shared_daemon, namespace, who):
    """The launcher is root's. What it does for the program is refused as the kernel would refuse it."""
    launcher = Launcher(shared_daemon, namespace)
    done = launcher.run(*who, *TUNNEL)
    assert done.returncode == 2 and "this needs CAP_NET_ADMIN in the network namespace" in done.stderr
    assert Cli(shared_daemon, namespace)("show tunnel") == ""
    # Another family, which is the kernel's.
    limits = ["ip", "mptcp", "limits"]
    if namespace.run(*limits, check=False).returncode != 0:
        pytest.skip("this kernel has no other family to ask for something that needs rights")
    assert launcher.run(*who, *limits, "set", "subflows", "5").returncode == 2
    launcher(*limits, "set", "subflows", "6")
    assert "subflows 6" in namespace.run(*limits).stdout
    assert "subflows 6" in launcher(*who, *limits)


def test_root_of_a_user_namespace_rules_its_own_network(shared_daemon, namespace):
    launcher = Launcher(shared_daemon, namespace)
    script = f"ip link set lo up; {' '.join(TUNNEL)} && ip l2tp show tunnel"
    shown = launcher(*NOBODY, "unshare", "-Urn", "sh", "-c", script)
    assert shown.startswith("Tunnel 1,")
    assert Cli(shared_daemon, namespace)("show tunnel") == ""


def test_a_launcher_without_rights(shared_daemon, open_directory, namespace):
    """It serves, and its program has as few."""
    launcher = Launcher(shared_daemon, namespace, programs=programs_for_everyone(open_directory))
    launcher.prefix += NOBODY
    shutil.copy(TOP / "tests/support/asking.py", open_directory)
    done = launcher.run(PYTHON, "-c", "from asking import *; print(*ask(opened()))", cwd="/",
                        env=dict(launcher.environment, PYTHONPATH=str(open_directory)))
    assert (done.stdout, done.stderr) == ("1 l2tp\n", "")
    done = launcher.run(*TUNNEL)
    assert done.returncode == 2 and "this needs CAP_NET_ADMIN in the network namespace" in done.stderr
    assert Cli(shared_daemon, namespace)("show tunnel") == ""


# --- supervisors that stop or die ---

STAY = "print(os.getpid(), flush=True)\nfor line in sys.stdin:\n    "


@contextlib.contextmanager
def staying(launcher, text):
    """A program that does something for each line it gets; ended by the end of its input."""
    process = launcher.popen(PYTHON, "-c", "import os, socket, sys, time\nfrom support.asking import *\n" + text,
                             env=dict(launcher.environment, PYTHONPATH=str(TOP / "tests")), stdin=subprocess.PIPE)
    try:
        assert process.stdout.readline() == f"{process.pid}\n", process.communicate()
        yield process
    finally:
        process.kill()
        process.communicate(timeout=AT_MOST)
    eventually(lambda: not processes_of(process.pid), "nothing of the launcher is left")


def say(process, word=""):
    process.stdin.write(word + "\n")
    process.stdin.flush()


@contextlib.contextmanager
def stopped(pid):
    """Meanwhile, or until it is killed. One that stayed so would hold the program's standard error open for ever."""
    os.kill(pid, signal.SIGSTOP)
    try:
        eventually(lambda: proc.stands_still(pid), "all its threads have stopped")
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def test_a_stopped_supervisor_and_a_killed_program(launcher):
    with staying(launcher, STAY + "socket.socket(24, 2, 1)") as process:
        with stopped(supervisor_of(process.pid)):
            say(process)
            eventually(lambda: in_system_call(process.pid) == 41, "it waits for its socket")
            process.kill()
            assert process.wait(60) == -signal.SIGKILL


def in_system_call(pid):
    """The number of the system call a process is in; -1: it is running."""
    words = proc.text(pid, "syscall").split()
    return int(words[0]) if words and words[0] != "running" else -1


def test_a_supervisor_killed_while_a_call_waits(launcher):
    """The next one answers the call."""
    with staying(launcher, STAY + "print(socket.socket(24, 2, 1).getsockopt(1, 38), flush=True)") as process:
        for _ in range(3):
            supervisor = supervisor_of(process.pid)
            with stopped(supervisor):
                say(process)
                eventually(lambda: in_system_call(process.pid) == 41, "it waits for its socket")
                os.kill(supervisor, signal.SIGKILL)
            assert process.stdout.readline() == "1\n"
            eventually(lambda s=supervisor: supervisor_of(process.pid) != s, "there is another supervisor")
        shared = re.search(r"RssShmem:\s+(\d+)", proc.text(supervisor_of(process.pid), "status"))
        assert int(shared[1]) < 1024, "it has looked at what was left, not at all that could have been"


SLOW_TO_TAKE = """
import os, select, socket, sys
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
lowest, turns = 1 << 20, open(sys.argv[1], "wb", buffering=0)
print(os.getpid(), flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    turns.write(b".")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as made:
        lowest = min(lowest, made.fileno())
        made.bind((0, 0))
        if made.fileno() < 3:
            made.detach()
print(lowest, flush=True)
"""


def test_a_supervisor_killed_before_its_descriptor_is_taken(launcher, tmp_path):
    """The socket is there, and never the program's standard input. On a processor that another program keeps busy, it
    takes a descriptor a while after it was offered. No call ends five supervisors, by which it would fail."""
    turns = tmp_path / "turns"
    processor = min(os.sched_getaffinity(0))
    with subprocess.Popen([PYTHON, "-c", f"import os\nos.sched_setaffinity(0, [{processor}])\nwhile True: pass"]) as busy:
        process = launcher.popen(PYTHON, "-c", SLOW_TO_TAKE, turns, stdin=subprocess.PIPE)
        try:
            assert process.stdout.readline() == f"{process.pid}\n", process.communicate()
            for turn in range(8):
                supervisor = supervisor_of(process.pid)
                time.sleep(0.013 * turn)
                os.kill(supervisor, signal.SIGKILL)
                eventually(lambda: proc.name(supervisor) == "", "it has ended")
                if turn % 4 == 3:
                    done = turns.stat().st_size
                    eventually(lambda: turns.stat().st_size > done, "the program has gone on")
            busy.kill()
            out, err = process.communicate("\n", timeout=AT_MOST)
        finally:
            busy.kill()
            process.kill()
    assert process.returncode == 0, err
    assert int(out) > 2


@pytest.mark.parametrize("reply", REPLIES)
def test_stand_ins_outlive_their_supervisor(daemon, reply, namespace):
    """It is killed four times, and each time the next serves what was opened and hears what was joined."""
    launcher = Launcher(daemon, namespace, reply=reply)
    cli = Cli(daemon, namespace)
    text = "s, listener = opened(), opened()\njoin(listener)\nask(s)\n" + STAY + """
    print(*ask(s, int(line)), flush=True)
    print(notice(listener), flush=True)
"""
    with staying(launcher, text) as process:
        for number in range(4):
            killed = supervisor_of(process.pid)
            os.kill(killed, signal.SIGKILL)
            say(process, str(number))
            assert process.stdout.readline() == f"{number} l2tp\n"
            cli(f"add tunnel tunnel_id {number + 1} peer_tunnel_id 2 local 127.0.0.1 remote 127.0.0.1 "
                f"udp_sport {5100 + number} udp_dport 5000")
            assert process.stdout.readline() == "1\n"	# L2TP_CMD_TUNNEL_CREATE
            assert killed != supervisor_of(process.pid)
            cli(f"del tunnel tunnel_id {number + 1}")
            say(process, "100")
            assert [process.stdout.readline() for _ in range(2)] == ["100 l2tp\n", "2\n"]


ANSWERED = """
import itertools, threading
told = threading.Event()
def storm(s):
    for i in itertools.count(1):
        s.send(question(i))
        while answer(s)[0] != i:
            pass	# what was answered twice
        if told.is_set() and i >= 400:
            break
    os.write(1, b"well\\n")
threads = [threading.Thread(target=storm, args=(opened(),)) for _ in range(4)]
for t in threads:
    t.start()
print(os.getpid(), flush=True)
sys.stdin.readline()
told.set()
for t in threads:
    t.join()
"""


@pytest.mark.parametrize("reply", REPLIES)
def test_no_answer_is_lost_with_a_supervisor(daemon, reply, namespace):
    """It is killed while four threads ask: what it had sent is believed, what it had not answered the next answers."""
    launcher = Launcher(daemon, namespace, reply=reply)
    with staying(launcher, ANSWERED) as process:
        for _ in range(3):
            killed = supervisor_of(process.pid)
            os.kill(killed, signal.SIGKILL)
            eventually(lambda k=killed: supervisor_of(process.pid) != k, "there is another")
        say(process)
        assert process.stdout.read() == "well\n" * 4, process.stderr.read()


DUMPED = """
import struct
s = opened()
s.send(question())
family = struct.unpack("=H", attributes(s.recv(65536)[20:])[1])[0]
""" + STAY + """
    s.send(struct.pack("=IHHIIBBH", 20, family, 0x301, 7, 0, 4, 1, 0))	# L2TP_CMD_TUNNEL_GET, NLM_F_DUMP
    flags, ended = 0, False
    while not ended:
        octets = s.recv(65536)
        while octets:
            length, kind, some = struct.unpack_from("=IHH", octets)
            flags |= some
            ended |= kind == 3
            octets = octets[(length + 3) & ~3:]
    print(flags, flush=True)
"""


@pytest.mark.parametrize("reply", REPLIES)
def test_a_dump_that_another_supervisor_begins_anew(daemon, reply, namespace):
    """It may come behind a part that was delivered, and says so as a dump that is not of one moment."""
    Cli(daemon, namespace)("add tunnel tunnel_id 1 peer_tunnel_id 2 encap ip local 127.0.0.1 remote 127.0.0.1")
    with staying(Launcher(daemon, namespace, reply=reply), DUMPED) as process:
        for killed in (False, True):
            supervisor = supervisor_of(process.pid)
            with stopped(daemon.engine_pid) if killed else contextlib.nullcontext():
                say(process)
                if killed:
                    eventually(lambda s=supervisor: 45 in map(in_system_call, proc.threads(s)), "ul2tpd was asked")
                    os.kill(supervisor, signal.SIGKILL)
                    eventually(lambda s=supervisor: supervisor_of(process.pid) != s, "there is another supervisor")
            assert int(process.stdout.readline()) == (0x12 if killed else 2)	# NLM_F_MULTI, NLM_F_DUMP_INTR


def processor_ticks(pid):
    """Of user and system time, hundredths of a second."""
    fields = proc.stat(pid)
    return int(fields[11]) + int(fields[12])


def test_a_program_that_does_not_read_costs_nothing(daemon, namespace):
    """Its buffer is full and notifications wait: the supervisor sleeps in between."""
    launcher, cli = Launcher(daemon, namespace), Cli(daemon, namespace)
    with staying(launcher, "s = opened()\ns.setsockopt(1, 8, 1)\njoin(s)\n" + STAY + "print(0, flush=True)") as process:
        commands = "".join(f"add tunnel tunnel_id {n} peer_tunnel_id 2 local 127.0.0.1 remote 127.0.0.1 udp_sport {5200 + n} "
                           f"udp_dport 5000\ndel tunnel tunnel_id {n}\n" for n in range(1, 100))
        cli("-batch", "-", input=commands)
        supervisor = supervisor_of(process.pid)
        before, began = processor_ticks(supervisor), time.monotonic()
        for _ in range(20):	# each time the program asks for something ordinary, so that time passes by events
            say(process)
            assert process.stdout.readline() == "0\n"
            select.select([], [], [], 0.05)
        assert processor_ticks(supervisor) - before < 50 * (time.monotonic() - began)


def test_thousands_of_sockets_that_never_had_a_name(launcher):
    """One walk over what all processes hold tells that they are closed, not one for each: what they cost ul2tpd and us is
    given back, and with the program its launcher ends. Requirements: NL-90"""
    text = """
for i in range(2500):
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16).close()
""" + STAY + "pass"
    with staying(launcher, text) as process:
        supervisor = supervisor_of(process.pid)
        before = processor_ticks(supervisor)
        eventually(lambda: len(descriptors(supervisor)) < 100, "all are given back")
        # 7 to 16 ticks where this was written; with a walk for each they were not given back within a minute.
        assert processor_ticks(supervisor) - before < 500 * SLOW, "each was looked for by itself"


def test_a_slow_request_delays_no_other(daemon):
    """ul2tpd does not answer one thread; others are served meanwhile."""
    launcher = Launcher(daemon)
    text = """
import threading
slow = opened()
ask(slow)
print(os.getpid(), flush=True)
for line in sys.stdin:
    t = threading.Thread(target=lambda: print(*ask(slow, 5), flush=True))
    t.start()
    for i in range(100):
        try:
            socket.socket(24, 2, 255)
        except OSError:
            pass
    print("others", flush=True)
    t.join()
"""
    with staying(launcher, text) as process:
        os.kill(daemon.engine_pid, signal.SIGSTOP)
        try:
            say(process)
            assert process.stdout.readline() == "others\n"
        finally:
            os.kill(daemon.engine_pid, signal.SIGCONT)
        assert process.stdout.readline() == "5 l2tp\n"


# --- what can not be given ---

FOREIGN = """
import ctypes, errno, mmap, platform
code = bytes.fromhex("53b867010000bb10000000b903000000ba10000000cd805bc3")
room = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
room.write(code)
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(room)))
print(errno.errorcode[-call()])
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="machine code of x86")
def test_a_32_bit_program(launcher):
    """socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC) by int $0x80."""
    alone = subprocess.run([sys.executable, "-c", FOREIGN], capture_output=True, text=True, check=False)
    if alone.stdout == "ENOSYS\n" or alone.returncode == -signal.SIGSEGV:
        pytest.skip("this machine runs no 32-bit programs")
    done = python(launcher, FOREIGN)
    assert done.stdout == "EPROTONOSUPPORT\n"
    assert "is a 32-bit program, which is not served" in done.stderr


def test_io_uring(launcher):
    done = python(launcher, """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
for _ in range(2):
    print(libc.syscall(425, 8, ctypes.create_string_buffer(120)), errno.errorcode[ctypes.get_errno()])
""")
    assert done.stdout == "-1 ENOSYS\n" * 2
    assert done.stderr.count("\n") == 1 and "asked for io_uring" in done.stderr


def test_a_seccomp_listener_of_the_programs_own(launcher):
    done = python(launcher, """
import ctypes, errno, struct
libc = ctypes.CDLL(None, use_errno=True)
allow = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0x7fff0000))
program = ctypes.create_string_buffer(struct.pack("@HP", 1, ctypes.addressof(allow)))
libc.prctl(38, 1, 0, 0, 0)
print(libc.syscall(%d, 1, 8, program), errno.errorcode[ctypes.get_errno()])
print(libc.syscall(%d, 1, 0, program))
""" % ((317,) * 2 if os.uname().machine == "x86_64" else (277,) * 2))
    assert done.stdout == "-1 EBUSY\n0\n"
    assert "asked for a seccomp listener of its own" in done.stderr


def test_splice_to_a_stand_in(launcher):
    done = asks(launcher, """
import errno
s = opened()
r, w = os.pipe()
os.write(w, question())
for call in (lambda: os.splice(r, s.fileno(), 64), lambda: os.sendfile(s.fileno(), os.memfd_create("x"), 0, 64)):
    try:
        print(call())
    except OSError as e:
        print(errno.errorcode[e.errno])
""") if hasattr(os, "splice") else None
    if done is None:
        pytest.skip("this Python has no splice()")
    assert done.stdout == "EINVAL\nEINVAL\n"


# --- how it is started ---

@pytest.mark.parametrize("words, message", [
    ([], 'say which program to run: "ul2tp run -- PROGRAM"'),
    (["--"], 'say which program to run: "ul2tp run -- PROGRAM"'),
    (["--reply"], "--reply needs auto, uevent, fib or trap after it"),
    (["--reply", "mail", "true"], '--reply "mail": expected auto, uevent, fib or trap'),
    (["--fils", "true"], 'unknown option "--fils": "ul2tp help" lists them, "ul2tp help run" those of run')])
def test_wrong_words(shared_daemon, words, message):
    done = Cli(shared_daemon).run("run", *words)
    assert done.returncode == 1 and done.stdout == ""
    assert message in done.stderr


def test_options_of_the_program_are_its_own(launcher, shared_daemon):
    assert Cli(shared_daemon).run("run", "echo", "-v", "--files", "--").stdout == "-v --files --\n"
    assert launcher.run("help").returncode == 127


def test_there_is_no_run_in_a_batch(shared_daemon):
    done = Cli(shared_daemon).run("-batch", "-", input="run -- true\n")
    assert done.returncode == 1 and "run has no place in a batch file" in done.stderr


def test_privileges_can_be_gained_only_under_root(launcher, shared_daemon, open_directory):
    status = ["grep", "NoNewPrivs", "/proc/self/status"]
    assert launcher(*status) == "NoNewPrivs:\t0\n"
    without = Launcher(shared_daemon, programs=programs_for_everyone(open_directory))
    without.prefix += NOBODY
    assert without(*status, cwd="/") == "NoNewPrivs:\t1\n"


def test_a_program_whose_guardian_is_killed(launcher):
    """It is served on; with the supervisor killed, too, it does not hang."""
    with staying(launcher, STAY + """
    try:
        print(socket.socket(24, 2, 1).getsockopt(1, 38), flush=True)
    except OSError as e:
        print(e.strerror, flush=True)
""") as process:
        supervisor = supervisor_of(process.pid)
        guardian = next(p for p in processes_of(process.pid) if p != supervisor)
        os.kill(guardian, signal.SIGKILL)
        eventually(lambda: guardian not in processes_of(process.pid), "the guardian has gone")
        say(process)
        assert process.stdout.readline() == "1\n"
        with stopped(supervisor):
            say(process)
            eventually(lambda: in_system_call(process.pid) == 41, "it waits for its socket")
            os.kill(supervisor, signal.SIGKILL)
        assert process.stdout.readline() == "Function not implemented\n"


def test_a_stand_in_that_is_not_used_for_a_while(each):
    """The launcher looks about once a second which ones have been closed."""
    text = """
import time
s, t, held = opened(), opened(), opened()
ask(held)
time.sleep(2.5)
print(*ask(s))
t.bind((0, 0))
print(*ask(t), *ask(held))
"""
    assert asks(each, text).stdout == "1 l2tp\n1 l2tp 1 l2tp\n"
