# SPDX-License-Identifier: BSD-2-Clause
"""Descriptors run out in a process of ul2tpd while clients ask"""
import threading

from support import proc
from support.api import Api
from support.daemon import Daemon, descriptors, settle
from support.netns import run


class Scarce:
    """A process of ul2tpd that has no number left but the first @left; whoever is its user may say so."""

    def __init__(self, pid, left):
        self.pid = pid
        status = dict(line.split(":", 1) for line in proc.text(pid, "status").splitlines())
        self.user, self.group = (status[kind].split()[0] for kind in ("Uid", "Gid"))
        self.before = next(line.split()[3] for line in proc.text(pid, "limits").splitlines() if "open files" in line)
        held = descriptors(pid)
        self.limit([n for n in range(len(held) + left + 1) if n not in held][left])

    def limit(self, number):
        run("setpriv", "--reuid", self.user, "--regid", self.group, "--clear-groups",
            "prlimit", "--pid", self.pid, f"--nofile={number}:")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.limit(self.before)


def test_who_can_not_be_accepted_waits_and_costs_nothing(cable, build):
    """Nobody is refused: it is looked again now and then, and said once."""
    with Daemon() as daemon:
        Api(daemon, cable.near).close()  # the engine has become who it will be
        engine, answers = daemon.engine_pid, []
        with Scarce(engine, 0):
            late = threading.Thread(target=lambda: answers.append(Api(daemon, cable.near)))
            late.start()
            daemon.wait_for_log("out-of-descriptors")
            before = proc.spent_ms(engine)
            settle(1)
            spent = proc.spent_ms(engine) - before
        late.join()
        answers[0].close()
        assert spent <= 50 and daemon.log.count("out-of-descriptors") == 1, (spent, daemon.log)
