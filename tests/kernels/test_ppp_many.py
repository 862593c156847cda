# SPDX-License-Identifier: BSD-2-Clause
"""Many PPP sessions of one program behind `ul2tp run`, in a machine, where the limit of descriptors can be raised

    UL2TP_PPP_SESSIONS=10000 UL2TP_PPP_CHURNED=10000 pytest -s --timeout 0 tests/kernels/test_ppp_many.py

makes so many instead of a hundred, twice, and so many others come and go each time; doc/performance-notes.md says how long it
takes. What was found so far is printed as it is found (pytest -s).
"""
import contextlib
import os
import pathlib
import threading

import pytest

from support import ppp_many
from support.daemon import BUILD, TOP
from support.uml import Machine

SESSIONS = int(os.environ.get("UL2TP_PPP_SESSIONS", "100"))
CHURNED = int(os.environ.get("UL2TP_PPP_CHURNED", "0"))
MODULES = ["ipv6", "tun", "veth", "unix_diag", "udp_diag"]
MEMORY_MB = 512 + SESSIONS // 4     # an interface and the sockets of a session take 100 KiB or less
PATIENCE = 300 + SESSIONS           # seconds, for each step
INTERVAL_MS = max(1000, 30 * SESSIONS)    # between two echoes of a session: one takes some ms of the processor there
LOOK_S = 10                         # between two looks at how far it is


@contextlib.contextmanager
def shown(machine):
    """What the story finds is printed as it finds it; if it fails, that, too, which it had found last."""
    ended, known = threading.Event(), set()

    def show():
        try:
            found = machine.call("support.ppp_many:how_far")
        except AssertionError as why:   # the machine is late, or no more: the story says so itself
            print("how far it is can not be known:", why, flush=True)
            return
        for what in found.keys() - known:
            print(what, found[what], flush=True)
        known.update(found)

    def watch():
        while not ended.wait(LOOK_S):
            show()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        show()


@pytest.fixture(scope="module")
def machine(build):
    with Machine(MODULES, memory_mb=MEMORY_MB, environment={"UL2TP_BUILD": BUILD}) as made:
        yield made


def test_sessions_of_one_program(machine):
    """Requirements: PX-20, PX-45, PPP-2"""
    wanted = ppp_many.IN_DAEMON * SESSIONS + ppp_many.OF_THEIR_OWN
    assert machine.call("support.ppp_many:allow_descriptors", 2 * wanted) >= wanted
    with shown(machine):
        machine.call("support.ppp_many:story", SESSIONS, CHURNED, ppp_many.TUNNELS, INTERVAL_MS, PATIENCE, SESSIONS,
                     timeout=10 * PATIENCE)


def test_the_machine_writes_to_no_file_of_this_one(machine):
    """Nor when somebody there, who is root, has made its file system writable."""
    for path in (TOP / "written-inside", BUILD / "written-inside", pathlib.Path("/written-inside")):
        for options in ("rw", "ro"):
            machine.run("mount", "-o", f"remount,{options}", "none", "/")
            try:
                assert "Read-only file system" in machine.run("mkdir", path, check=False).stderr, (path, options)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    path.rmdir()


@pytest.mark.parametrize("place", ["/run/ul2tp", "/dev/shm/ul2tp"])
def test_a_checkout_that_the_machine_can_not_see(place):
    """It is refused in words; inside, all would fail for want of a file."""
    with pytest.raises(AssertionError, match=f"{place} is not to be seen"), Machine(environment={"UL2TP_BUILD": place}):
        pass
