# SPDX-License-Identifier: BSD-2-Clause
"""ul2tp run --files: the files that only a kernel with L2TP has, under /proc, debugfs and tracefs."""
import itertools
import json
import os
import subprocess
import sys

import pytest

from support import debug_steps, wire
from support.daemon import Daemon, programs_for_everyone
from support.launcher import Launcher
from support.lines import Lines
from support.process import NOBODY
from support.wait import eventually

quick = pytest.mark.quick
PROC, TUNNELS = "/proc/net/pppol2tp", "/sys/kernel/debug/l2tp/tunnels"
TRACING = "/sys/kernel/tracing"
EVENTS = TRACING + "/events/l2tp"


@pytest.fixture
def steps(shared_daemon, steps_of):
    def take(case):
        made = steps_of(shared_daemon, case)
        made.run()
        return made
    return take


@pytest.fixture
def run(shared_daemon, namespace):
    """Programs with --files in the test's namespace."""
    return Launcher(shared_daemon, namespace, options=["--files"])


def python(run, text, *arguments, **more):
    return run(sys.executable, "-c", text, *arguments, **more)


# --- the texts ----------------------------------------------------------------------------------------------

@quick
@pytest.mark.parametrize("case", ["nothing", "several", "v2-ppp", "ethernet"])
def test_the_texts_of_a_kernel(run, steps, case):
    """
    Requirements: DBG-1, DBG-10
    """
    steps(case)
    assert run("cat", PROC) == debug_steps.golden(case, "pppol2tp")
    assert run("cat", TUNNELS) == debug_steps.golden(case, "tunnels")


NAMES = {
    "itself": "cat /proc/self/net/pppol2tp", "its thread": "cat /proc/thread-self/net/pppol2tp",
    "by number": "cat /proc/$$/net/pppol2tp", "of a thread": "cat /proc/$$/task/$$/net/pppol2tp",
    "not plain": "cat //proc/./sys/..//net/pppol2tp", "from its directory": "cd /proc/net && cat pppol2tp",
    "from below": "cd /proc/sys && cat ../net/pppol2tp", "by sh": "while read -r line; do echo \"$line\"; done <"
    " /proc/net/pppol2tp | sed 's/^$/&/' | wc -l | grep -q . && cat /proc/net/pppol2tp",
    "by directory": sys.executable + " -c 'import os; d = os.open(\"/proc/self/net\", os.O_RDONLY); "
    "print(os.read(os.open(\"pppol2tp\", os.O_RDONLY, dir_fd=d), 65536).decode(), end=\"\")'",
}


@quick
@pytest.mark.parametrize("words", NAMES.values(), ids=NAMES)
def test_by_every_name(run, steps, words):
    steps("v2")
    assert run("sh", "-c", words) == debug_steps.golden("v2", "pppol2tp")


def test_of_the_namespace_of_the_opener(run, steps, new_namespace):
    """And /proc/PID/net is that of another process.

    Requirements: DBG-1, DBG-10
    """
    steps("v2")
    elsewhere = new_namespace("elsewhere")
    with elsewhere.popen("sleep", "60") as other:
        try:
            eventually(lambda: os.readlink(f"/proc/{other.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
            words = f"cat {PROC} && ip netns exec {elsewhere.name} cat {PROC} && cat /proc/{other.pid}/net/pppol2tp"
            nothing = debug_steps.golden("nothing", "pppol2tp")
            assert run("sh", "-c", words) == debug_steps.golden("v2", "pppol2tp") + nothing + nothing
        finally:
            other.kill()


def test_where_proc_is_mounted(run, steps, tmp_path):
    """Its own mounts decide, and its root."""
    steps("v2")
    words = f"mount -t proc proc {tmp_path} && cat {tmp_path}/self/net/pppol2tp && cd {tmp_path}/net && cat pppol2tp"
    golden = debug_steps.golden("v2", "pppol2tp")
    assert run("unshare", "--mount", "sh", "-c", words) == golden + golden
    root = tmp_path / "root"
    text = f"""
import os
os.makedirs("{root}/proc")
os.system("mount -t proc proc {root}/proc")
os.chroot("{root}")
os.chdir("/proc/self/net")
print(open("/proc/net/pppol2tp").read() + open("pppol2tp").read(), end="")
"""
    assert run("unshare", "--mount", sys.executable, "-c", text) == golden + golden


def test_a_text_is_of_one_moment(run, steps):
    """What was read in small parts is what there was when it was opened."""
    made = steps("v2")
    text = f"""
import os, sys
f = os.open("{PROC}", os.O_RDONLY)
print("opened", flush=True)
sys.stdin.readline()
parts = []
while part := os.read(f, 17):
    parts.append(part)
os.write(1, b"".join(parts))
os.lseek(f, 9, os.SEEK_SET)
assert os.read(f, 8) == b"driver i"
"""
    process = run.popen(sys.executable, "-c", text, stdin=subprocess.PIPE)
    assert process.stdout.readline() == "opened\n"
    made.api.tunnel_delete(1)
    assert process.communicate("\n", timeout=60) == (debug_steps.golden("v2", "pppol2tp"), "")


def test_thousands_of_sessions(run, steps):
    made = steps("several")
    for number in range(1500):
        made.api.session_create(1, 10000 + number)
    assert run("cat", TUNNELS).count("  SESSION 1") == 1500 + 4


# --- what calls on them say -----------------------------------------------------------------------------------

def recorded():
    return json.loads((debug_steps.GOLDENS / "files.json").read_text())


# What differs from the kernel, and why.
DIFFERENT = {
    "behind it", "slash",  # the kernel is asked for the whole of it, and finds not even the directory
    "fstat size", "lseek end",  # of what is opened: of a text in memory, which has a size
}
OPENED = {"fstat mode"}  # what is there to be written to is a socket


def facts_inside(run, path):
    text = ("import importlib.util, json, sys; spec = importlib.util.spec_from_file_location('record', sys.argv[1]); "
            "record = importlib.util.module_from_spec(spec); spec.loader.exec_module(record); "
            "print(json.dumps(record.file_facts(sys.argv[2])))")
    return json.loads(python(run, text, debug_steps.GOLDENS / "record.py", path))


@pytest.mark.parametrize("name, path", [("pppol2tp", PROC), ("tunnels", TUNNELS),
                                        ("format", EVENTS + "/register_tunnel/format")])
def test_calls_are_answered_as_by_a_kernel(run, name, path):
    """To root and to somebody without rights.

    Requirements: DBG-1, DBG-10
    """
    expected = recorded()[name]
    seen = facts_inside(run, path)
    for call, answers in expected.items():
        if call not in DIFFERENT and call not in ("write of read-only", "ftruncate", "read of write-only"):
            assert (call, seen[call]) == (call, answers)
    assert seen["write of read-only"]["root"] == "EBADF"
    assert seen["ftruncate"]["nobody"] == "EACCES"


ODD_CALLS = """
import ctypes, errno, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    result = libc.syscall(*arguments)
    return "ok" if result >= 0 else errno.errorcode[ctypes.get_errno()]
def openat2(flags, resolve, size=24, more=b""):
    return call(437, -100, b"/proc/net/pppol2tp", struct.pack("=QQQ", flags, 0, resolve) + more, size)
print(openat2(0o100000, 0), openat2(0, 2), openat2(0, 4), openat2(1 << 40, 0), openat2(0, 0, 8), openat2(0, 0, 32, b"1234567"))
print(*(call(332, -100, b"/proc/net/pppol2tp", flags, 0x7ff, ctypes.create_string_buffer(256)) for flags in (1 << 20, 0x900)))
print(os.path.exists("/proc/4194305/net/pppol2tp"), os.access("/proc/4194305/net/pppol2tp", os.R_OK))
"""


def test_odd_calls_are_answered_as_by_a_kernel(run):
    """By Linux 6.12: a path without magic links, one without symbolic links, and what no call may have.

    Requirements: DBG-1
    """
    assert python(run, ODD_CALLS) == "ok ok ELOOP EINVAL EINVAL E2BIG\nEINVAL ok\nFalse False\n"


@quick
def test_a_file_can_be_copied(run, steps, tmp_path):
    """cp compares what it opened with what it had seen.

    Requirements: DBG-1, DBG-10
    """
    steps("v2")
    run("cp", PROC, TUNNELS, EVENTS + "/register_tunnel/format", tmp_path)
    assert (tmp_path / "pppol2tp").read_text() == debug_steps.golden("v2", "pppol2tp")
    assert (tmp_path / "tunnels").read_text() == debug_steps.golden("v2", "tunnels")


def test_nothing_is_there_without_the_option(shared_daemon, namespace):
    launcher = Launcher(shared_daemon, namespace)
    done = launcher.run("cat", PROC)
    assert done.returncode == 1 and "No such file" in done.stderr


def test_other_files_of_these_names_are_the_systems(run, tmp_path):
    """enable, format, tunnels: names that others use, too."""
    text = """
import os, pathlib, sys
top = pathlib.Path(sys.argv[1])
for name in ("enable", "format", "tunnels", "pppol2tp", "trace_pipe"):
    path = top / name
    path.write_text(name)
    assert path.read_text() == name and path.stat().st_size == len(name)
    assert os.access(path, os.W_OK) and not os.access(path, os.X_OK)
    os.chdir(top)
    assert open(name).read() == name
    os.symlink(name, name + ".link")
    assert os.readlink(name + ".link") == name
    try:
        open(top / "none" / name)
    except FileNotFoundError:
        pass
    else:
        raise AssertionError(name)
    try:
        os.open(name, os.O_RDONLY, dir_fd=999)
    except OSError as why:
        assert why.errno == 9
    else:
        raise AssertionError(name)
print("done")
"""
    assert python(run, text, tmp_path) == "done\n"


def test_without_a_daemon(namespace):
    """Files whose text is ul2tpd's are not to be had while there is none."""
    with Daemon() as daemon:
        launcher = Launcher(daemon, namespace, options=["--files"])
        process = launcher.popen("sh", "-c", f"echo; read -r go; cat {PROC}; test -e {PROC} && echo there",
                                 stdin=subprocess.PIPE)
        process.stdout.readline()
    out, err = process.communicate("go\n", timeout=60)
    assert out == "there\n" and "No such file or directory" in err and "no ul2tpd at" in err


# --- trace events ---------------------------------------------------------------------------------------------

@quick
def test_events_are_switched_on_and_off(run):
    """And some of all are X."""
    script = f"""
e={EVENTS}
cat $e/enable $e/register_tunnel/enable
echo 1 > $e/register_tunnel/enable
cat $e/enable $e/register_tunnel/enable $e/free_tunnel/enable
echo 1 > $e/enable
cat $e/enable $e/free_tunnel/enable
printf 0 > $e/free_tunnel/enable
cat $e/enable $e/free_tunnel/enable
echo 0 > $e/enable
cat $e/enable
echo 2 > $e/enable
cat $e/enable
test -w $e/enable && test -e $e/free_tunnel/format && ! test -e $e/no_such/enable
"""
    assert run("sh", "-c", script).split() == "0 0 X 1 0 1 1 X 0 0 0".split()


@quick
def test_formats(run):
    """As the kernel's, but for the number."""
    formats = json.loads((debug_steps.GOLDENS / "formats.json").read_text())
    for event, text in formats.items():
        seen = run("cat", f"{EVENTS}/{event}/format")
        assert [line for line in seen.splitlines() if not line.startswith("ID: ")] == \
               [line for line in text.splitlines() if not line.startswith("ID: ")]
    assert len(formats) == 13


def test_the_pipe_has_what_happened_since(run, steps_of, shared_daemon):
    """Events wait in it for whoever opens it; then they come as they happen."""
    process = run.popen("sh", "-c", f"echo 1 > {EVENTS}/enable && test -e / && echo on && read -r go && exec cat {TRACING}/trace_pipe",
                        stdin=subprocess.PIPE)
    lines = Lines(process)
    lines.until_line("on")
    made = steps_of(shared_daemon, "numbered")
    made.run()
    process.stdin.write("go\n")
    process.stdin.flush()
    lines.until_line("session_seqnum_update", 5)
    made.api.tunnel_delete(5)
    lines.until_line("free_tunnel")
    expected = debug_steps.golden("numbered", "trace").splitlines()
    assert [line.split(": ", 1)[1] for line in lines.seen if ": " in line] == expected
    process.terminate()
    process.communicate(timeout=60)


def test_the_pipe_is_the_systems_while_nothing_is_on(run, namespace):
    """What the system says of its own is said inside: that there is no such file, or that nothing has happened."""
    look = f"dd if={TRACING}/trace_pipe of=/dev/null bs=4096 count=1 iflag=nonblock status=none"
    # Under `ip netns exec` the system's own files may be others than here.
    outside = namespace.run(*look.split(), check=False)
    inside = run.run("sh", "-c", f"cat {EVENTS}/enable; {look}")
    assert (inside.returncode, inside.stderr) == (outside.returncode, outside.stderr)
    inside = run.run("sh", "-c", f"echo 1 > {EVENTS}/enable; echo 0 > {EVENTS}/enable; {look}")
    assert (inside.returncode, inside.stderr) == (outside.returncode, outside.stderr)


def test_what_finds_no_room_in_the_pipe_is_counted(run, steps_of, shared_daemon):
    """As a kernel's, it says how many were lost with the next that is not; to the last of them."""
    text = f"""
import os, sys
open("{EVENTS}/session_seqnum_update/enable", "w").write("1")
pipe = os.open("{TRACING}/trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
print("on", flush=True)
while sys.stdin.readline():
    try:
        while True:
            os.write(1, os.read(pipe, 65536))
    except BlockingIOError:
        print("end", flush=True)
"""
    made = steps_of(shared_daemon, "numbered")
    made.run()
    numbers = itertools.count(16)

    def send():
        made.peer.sendto(wire.data(1, wire.frame(length=60), middle=wire.sublayer(next(numbers))), ("192.0.2.1", 5001))

    def count():
        return made.api.session_get(5, 1)["STATS"]["RX_PACKETS"] - 5
    eventually(lambda: count() == 0)
    process = run.popen(sys.executable, "-c", text, stdin=subprocess.PIPE)
    lines = Lines(process)
    lines.until_line("on")
    for _ in range(30_000):
        send()
    told = ends = 0

    def all_told():
        nonlocal told, ends
        send()
        process.stdin.write("\n")
        process.stdin.flush()
        ends += 1
        seen = lines.until_line("end", ends)
        lost = sum(int(line.split()[2]) for line in seen if "[LOST " in line)
        told = lost + sum("session_seqnum_update: " in line for line in seen)
        return lost > 0 and told == count()
    eventually(all_told, "each packet is told or counted as lost")
    process.stdin.close()
    process.wait(60)


def test_who_may_trace(shared_daemon, namespace, open_directory):
    """Root alone, as of a kernel's tracefs."""
    programs = programs_for_everyone(open_directory)
    launcher = Launcher(shared_daemon, namespace, options=["--files"], programs=programs)
    words = f"""
import errno, os
for path, flags in (("{EVENTS}/enable", os.O_WRONLY), ("{EVENTS}/enable", os.O_RDONLY), ("{TUNNELS}", os.O_RDONLY),
                    ("{PROC}", os.O_WRONLY)):
    try:
        os.open(path, flags)
    except OSError as why:
        print(errno.errorcode[why.errno])
print(len(open("{PROC}").read()))
"""
    out = launcher("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", sys.executable, "-c", words)
    assert out.split() == ["EACCES"] * 4 + [str(len(debug_steps.golden("nothing", "pppol2tp")))]


DEVICE = """
import errno, os
def what():
    try:
        return os.close(os.open("/dev/ppp", os.O_RDWR))
    except OSError as why:
        return errno.errorcode[why.errno]
print(what())
if os.fork() == 0:
    os.setresuid(65534, 65534, 65534)
    print(what(), flush=True)
    os._exit(0)
os.wait()
"""


def test_the_device_of_ppp_is_roots_alone(run):
    """
    Requirements: PPP-1
    """
    said = run(sys.executable, "-u", "-c", DEVICE)
    assert said.split() == ["None", "EACCES"]
