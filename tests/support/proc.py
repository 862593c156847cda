# SPDX-License-Identifier: BSD-2-Clause
"""proc.py - what /proc says of processes and threads, each of which may end while it is being looked at

One that has ended says nothing: texts are empty, lists too. What may not be read is a PermissionError.
"""
import os
import pathlib


def pids():
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def octets(pid, name):
    """The file /proc/PID/name."""
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def text(pid, name):
    return octets(pid, name).decode(errors="replace")


def name(pid):
    return text(pid, "comm").strip()


def stat(pid):
    """Fields of /proc/PID/stat from the third on: state, parent, group, session and so on."""
    return text(pid, "stat").rpartition(")")[2].split()


def spent_ms(pid):
    """Processors' time of all its threads, those that have ended among them; in steps of 10 ms."""
    fields = stat(pid)
    return sum(int(ticks) for ticks in fields[11:13]) * 1000 // os.sysconf("SC_CLK_TCK")


def entries(pid, directory):
    try:
        return os.listdir(f"/proc/{pid}/{directory}")
    except (FileNotFoundError, ProcessLookupError):
        return []


def threads(pid):
    return [int(entry) for entry in entries(pid, "task")]


def stands_still(pid):
    """Whether SIGSTOP has reached all its threads; those that end in the meantime do not count."""
    states = [fields[0] for fields in (stat(f"{pid}/task/{thread}") for thread in threads(pid)) if fields]
    return bool(states) and set(states) == {"T"}


def link(pid, name):  # pylint: disable=redefined-outer-name
    try:
        return os.readlink(f"/proc/{pid}/{name}")
    except (FileNotFoundError, ProcessLookupError):
        return ""
