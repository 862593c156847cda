# SPDX-License-Identifier: BSD-2-Clause
"""A prober that was written for kernels sees on ul2tpd what it saw on Linux 6.12, attribute for attribute and octet
for octet.

probe.py runs by "ul2tp run", with a daemon under --kernel-quirks; golden/ has what the kernel answered, quirks.txt
and deviations.txt what need not agree. One test a scenario; what differs is listed.
"""
import os
import pathlib
import subprocess

import pytest

import compare
from support.daemon import BUILD, Daemon
from support.launcher import Started, supervisor_of
from support.wait import SLOW

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = compare.load(HERE / "golden")
LONGEST = ("s16_ccp", "again")  # a minute of waiting, begun first
SCENARIOS = sorted({key[:2] for key in GOLDEN}, key=lambda scenario: (scenario != LONGEST, scenario))
LIMIT = 250  # seconds for a scenario


def probed(area, scenario, out):
    workers, said = out / "workers", out / "said"
    workers.touch()
    with Daemon("--kernel-quirks") as daemon, said.open("w") as errors:
        environment = dict(os.environ, UL2TP_SOCKET=daemon.socket, PROBE_WORKERS=str(workers), PROBE_SETTLE=str(0.3 * SLOW),
                           PROBE_WAIT=str(10 * SLOW), PROBE_LIMIT=str(240 * SLOW))
        with Started([BUILD / "ul2tp", "run", "--files", "--",
                      "/usr/bin/python3", HERE / "probe.py", "-o", out, "-m", area, "-s", scenario],
                     env=environment, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors) as prober:
            workers.write_text(" ".join(map(str, [*daemon.processes(), supervisor_of(prober.pid)])))
            status = prober.wait(LIMIT * SLOW)
    print(said.read_text())
    assert status == 0, said.read_text()
    return compare.load(out)


@pytest.mark.parametrize("area, scenario", SCENARIOS)
def test_scenario(build, tmp_path, area, scenario):
    golden = {key: value for key, value in GOLDEN.items() if key[:2] == (area, scenario)}
    _, lines = compare.compare(golden, probed(area, scenario, tmp_path), [area])
    assert not lines, "\n" + "\n".join(lines)


def test_what_differs_is_written_down():
    """Each exception is of an observation that exists, and has its rows in doc/deviations.md."""
    import requirements  # pylint: disable=import-outside-toplevel
    for name in ("quirks.txt", "deviations.txt"):
        for pattern, rows in compare.listed(name):
            assert any(compare.in_list(key, [(pattern, rows)]) for key in GOLDEN), pattern
            assert set(rows) <= requirements.deviations()
