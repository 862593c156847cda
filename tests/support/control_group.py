# SPDX-License-Identifier: BSD-2-Clause
"""control_group.py - a control group of the test's own, in the unified hierarchy"""
import contextlib
import os
import pathlib
import subprocess
import tempfile

import pytest


def own_group():
    """Path of the group this process is in, from the root of its namespace; None: there is none below that."""
    for line in pathlib.Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        if line.startswith("0::/") and not line.startswith("0::/.."):
            return line[3:].lstrip("/")
    return None


def hierarchy():
    """Where it is mounted. None is mounted here: that would change what holds for the whole machine (nsdelegate)."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text(encoding="ascii").splitlines():
        mount, _, system = line.partition(" - ")
        if system.startswith("cgroup2 ") and mount.split()[3] == "/":
            return pathlib.Path(mount.split()[4])
    return None


@contextlib.contextmanager
def hierarchy_elsewhere():
    """By another path: ip-netns(8) has a /sys of its own. The place is never removed but when empty, whatever fails."""
    root = hierarchy()
    if root is None:
        pytest.skip("no unified hierarchy of control groups is mounted from our namespace's root on")
    place = tempfile.mkdtemp(prefix="ul2tp-cgroup-")
    try:
        subprocess.run(["mount", "--bind", root, place], check=True)
        try:
            yield pathlib.Path(place)
        finally:
            subprocess.run(["umount", "-l", place], check=True)
    finally:
        os.rmdir(place)


@contextlib.contextmanager
def control_group():
    """A group in a group of ours, below that of this process. It is to be empty at the end."""
    own = own_group()
    if own is None:
        pytest.skip("this process is in no group below its namespace's root")
    with hierarchy_elsewhere() as root:
        made = root / own / f"ul2tp-test-{os.getpid()}" / "inner"
        try:
            made.mkdir(parents=True)
        except OSError as error:
            pytest.skip(f"no control group can be made: {error}")
        try:
            yield made
        finally:
            made.rmdir()
            made.parent.rmdir()


def move(pid, group):
    (group / "cgroup.procs").write_text(str(pid), encoding="ascii")


@contextlib.contextmanager
def inside(group):
    """This process is in it meanwhile, so what it makes is of it for good."""
    move(os.getpid(), group)
    try:
        yield
    finally:
        move(os.getpid(), group.parent.parent)
