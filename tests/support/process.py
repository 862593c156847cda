# SPDX-License-Identifier: BSD-2-Clause
"""process.py - do something as somebody else: a forked child with other rights, its result brought back"""
import contextlib
import os
import pickle
import select
import signal
import traceback

from support import netns
from support.wait import SLOW

CLONE_NEWUSER = 0x10000000
NOBODY = 65534


class ChildFailed(AssertionError):
    """The child raised something; the text is its traceback."""


def _serve(writer, function, uid, before):
    try:
        if before:
            before()
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        answer = (True, function())
    except BaseException:  # pylint: disable=broad-except
        answer = (False, traceback.format_exc())
    with os.fdopen(writer, "wb") as out:
        out.write(pickle.dumps(answer))


def in_child(function, uid=None, before=None, timeout=60):
    """What function() returns in a forked child, which became uid after before(). Open descriptors are shared."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            signal.alarm(int(timeout * SLOW))
            _serve(writer, function, uid, before)
        finally:
            os._exit(0)
    os.close(writer)
    try:
        octets = b""
        while select.select([reader], [], [], timeout * SLOW)[0]:
            chunk = os.read(reader, 65536)
            if not chunk:
                break
            octets += chunk
    finally:
        os.close(reader)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    if not octets:
        raise ChildFailed("the child gave no answer in time")
    good, value = pickle.loads(octets)
    if not good:
        raise ChildFailed(value)
    return value


@contextlib.contextmanager
def on_one_processor():
    """What this thread sends stays in order: each processor has a queue of lo, a veth one for each, ESP behind it another,
    and who is moved to an idle processor between two packets overtakes the first."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def become_owner_of_new_namespaces(uid=NOBODY, network=True):
    """For before=: from now on root in a user namespace of uid's own and, with network, in a network
    namespace that it owns; outside an ordinary user. As `unshare -Urn` run by uid."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    # After a change of ids the process is not dumpable, and its /proc files belong to root.
    netns._libc.prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE
    netns.unshare(CLONE_NEWUSER | (netns.CLONE_NEWNET if network else 0))
    for name, line in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {uid} 1")):
        with open(f"/proc/self/{name}", "w") as f:
            f.write(line)
