#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""calls.py - a program that uses L2TP as programs do, and tells what came of each call

  tests/parity/calls.py [-l] [-t SECONDS] [CASE...]

One JSON line an observation: {"case", "op", "value"}. It is written for a kernel and knows nothing of ul2tp.
record_calls.py runs it on Linux 6.12 and keeps the answers in tests/goldens/calls; test_calls.py runs it by
"ul2tp run" and compares. The cases are in calls_*.py, each a function of its own process and namespaces (hosts.py).
Whatever a kernel chooses or times as it likes must not get into an observation.
"""
import json
import os
import pathlib
import select
import signal
import sys
import time
import traceback

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1]), str(pathlib.Path(__file__).resolve().parent)]

import calls_ip  # noqa: E402
import calls_lifetime  # noqa: E402
import calls_netlink  # noqa: E402
import calls_odd  # noqa: E402
import calls_options  # noqa: E402
import calls_ppp_bridge  # noqa: E402
import calls_ppp_io  # noqa: E402
import calls_ppp_ioctl  # noqa: E402
import calls_ppp_life  # noqa: E402
import calls_ppp_odd  # noqa: E402
import calls_ppp_race  # noqa: E402
import calls_ppp_rights  # noqa: E402
import calls_ppp_units  # noqa: E402
import calls_sockets  # noqa: E402
from hosts import Hosts  # noqa: E402

CASE_LIMIT = 300  # seconds, but for -t
MODULES = (calls_sockets, calls_lifetime, calls_netlink, calls_options, calls_odd, calls_ip, calls_ppp_ioctl, calls_ppp_io,
           calls_ppp_life, calls_ppp_bridge, calls_ppp_rights, calls_ppp_units, calls_ppp_odd,
           calls_ppp_race)


def cases():
    """{name: (function, requirements)}: public functions that end in a docstring with "Requirements: ..."."""
    found = {}
    for module in MODULES:
        for name, function in vars(module).items():
            if callable(function) and getattr(function, "__module__", "") == module.__name__ and \
                    "Requirements:" in (function.__doc__ or ""):
                found[name] = (function, " ".join(function.__doc__.split("Requirements:")[1].replace(",", " ").split()))
    return found


def run_case(name, function, limit):
    """The lines of a case, which gets a process group of its own; one that does not end is ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setpgid(0, 0)
        with os.fdopen(writing, "w") as out:
            def see(op, value):
                out.write(json.dumps({"case": name, "op": op, "value": value}) + "\n")
                out.flush()
            try:
                function(Hosts(), see)
            except BaseException as why:  # told as what it is
                traceback.print_exc()
                see("exception", f"{type(why).__name__}: {why}")
        os._exit(0)
    os.close(writing)
    octets, end = b"", time.monotonic() + limit
    while select.select([reading], [], [], max(0, end - time.monotonic()))[0]:
        more = os.read(reading, 1 << 16)
        if not more:
            break
        octets += more
    else:
        octets += json.dumps({"case": name, "op": "does not end", "value": limit}).encode() + b"\n"
    os.close(reading)
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.waitpid(child, 0)
    return octets.decode()


def main():
    wanted, limit = sys.argv[1:], CASE_LIMIT
    if wanted[:1] == ["-t"]:
        limit, wanted = int(wanted[1]), wanted[2:]
    for name, (function, _) in cases().items():
        if wanted == ["-l"]:
            print(name)
        elif not wanted or name in wanted:
            sys.stdout.write(run_case(name, function, limit))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
