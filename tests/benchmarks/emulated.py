# SPDX-License-Identifier: BSD-2-Clause
"""emulated.py - the kernel's own L2TP beside ul2tpd in one machine, Debian's 6.12 under QEMU

Its figures are ratios between rows of that machine and nothing else. Its clock counts instructions, so that what else runs
here changes nothing but how long it takes; where it is only to be seen that all works, it is the time, which is faster. The
rows are those of hosts.py, made inside; what stands below the line is called in the machine, by vm_agent.py.
"""
import contextlib
import dataclasses
import time

from benchmarks import hosts, measuring
from benchmarks.progress import Failed, say
from support.daemon import BUILD
from support.guest import Ended
from support.kernel_package import CannotFetch
from support.vm import Machine

KERNEL = "linux-image-6.12-amd64"
MODULES = ("tun", "veth", "vxlan", "unix_diag", "udp_diag", "l2tp_eth", "l2tp_ppp", "nf_tables", "xfrm_user")
TIMEOUT = 900
ROUNDS = 2  # at most: two differ by some hundredths, as instructions do, and take four minutes each
WITHIN_S = 600  # a further round takes no sample when so much time has gone: all together is to take less than half an hour
# So many at most: QEMU 7.2 now and then gives back flags after an interrupt that no processor has (EFLAGS 45f83602 and
# 8566b342, lower halves of pointers), the kernel inside takes a wrong turn, and panics.
MACHINES = 5


def measure(rounds, seconds, rows, underlays, counted=True):
    """{"kernel": its release, "samples": as measuring.rounds() has them, "missing": ..., "ended": what machines said that
    ended too early}, or {"why": there is none}"""
    result = {"samples": {u: {} for u in underlays}, "ended": []}
    until = time.monotonic() + WITHIN_S
    wanted = [row for row in hosts.EMULATED if row in rows or hosts.ROWS[row].way == "kernel"]
    try:
        while not in_one_machine(result, rounds, seconds, wanted, counted, until):
            if len(result["ended"]) == MACHINES:
                raise Failed(f"the emulated machine: {result['ended'][-1][-1500:]}")
            say("the emulated machine has ended; what is left is measured in another")
        return result
    except (CannotFetch, FileNotFoundError, LookupError) as why:
        say(f"no machine: {why}")
        return {"why": str(why)}
    except AssertionError as why:
        raise Failed(f"the emulated machine: {str(why)[-1500:]}") from why


def enough(rounds, until):
    """How many samples of a row there are to be, as things stand."""
    return rounds if time.monotonic() < until else 1


def in_one_machine(result, rounds, seconds, wanted, counted, until):
    """Adds to the result what is not in it. Return: whether there is enough. Its clock being what it is, samples of several
    machines can be compared."""
    say("starting a machine under QEMU")
    rows = []
    try:
        with Machine(KERNEL, MODULES, cpus=2, memory_mb=1024, environment={"UL2TP_BUILD": BUILD},
                     counted=counted) as machine:
            say(f"Linux {machine.release} runs; laying its cables and tunnels")
            rows, missing = machine.call("benchmarks.emulated:inside_open", wanted, list(result["samples"]), timeout=TIMEOUT)
            result |= {"kernel": machine.release, "missing": missing}
            for number in range(rounds):
                for underlay, samples in result["samples"].items():
                    for row in rows:
                        if len(samples.setdefault(row, [])) == number < enough(rounds, until):
                            samples[row].append(sample(machine, underlay, row, seconds, f"round {number + 1} of {rounds}"))
            machine.call("benchmarks.emulated:inside_close", timeout=TIMEOUT)
            return True
    except Ended as why:
        result["ended"].append(str(why))
        return bool(rows) and all(len(samples.get(row, ())) >= enough(rounds, until)
                                  for samples in result["samples"].values() for row in rows)


def sample(machine, underlay, row, seconds, when):
    began = time.monotonic()
    taken = machine.call("benchmarks.emulated:inside_sample", underlay, row, seconds, timeout=TIMEOUT)
    say(f"emulated, {when}, {underlay} {row:10} {measuring.sample_line(taken)} ({time.monotonic() - began:.0f} s)")
    return taken


# --- inside the machine ---------------------------------------------------------------------------------

@dataclasses.dataclass
class Inside:
    cleanup: contextlib.ExitStack
    hosts: hosts.Hosts


_inside = []


def inside_open(rows, underlays):
    """(rows that exist, {row: why it does not})"""
    cleanup = contextlib.ExitStack()
    _inside.append(Inside(cleanup, hosts.Hosts(cleanup, rows, underlays)))
    return _inside[0].hosts.rows, _inside[0].hosts.missing


def inside_sample(underlay, row, seconds):
    return measuring.sample(_inside[0].hosts, underlay, row,
                            measuring.Effort(tcp=seconds, warm=1, four=False, sizes=("64",), trial=0.1, flood=0.3, loaded_echoes=0))


def inside_close():
    _inside.pop().cleanup.close()
