# SPDX-License-Identifier: BSD-2-Clause
"""Of two processes of pytest-xdist one gets all tests of an emulated machine (tests/conftest.py), under the names they have alone"""
import collections
import os
import pathlib
import subprocess
import xml.etree.ElementTree as ElementTree

TESTS = pathlib.Path(__file__).resolve().parents[1]
CONFTEST = "from conftest_of_all import pytest_collection_modifyitems, pytest_runtest_logreport"
MADE_UP = """
import os, pathlib, pytest

@pytest.fixture
def linux():
    pass

@pytest.mark.parametrize("number", range(12))
def test_beside_it(linux, number):
    with open("processes", "a") as file:
        file.write(f"{pathlib.Path(__file__).name} {os.getpid()}\\n")
    assert number != 7
"""


def test_those_of_one_machine_run_in_one_process(tmp_path):
    (tmp_path / "conftest_of_all.py").symlink_to(TESTS / "conftest.py")
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for name in ("test_one.py", "test_other.py"):
        (tmp_path / name).write_text(MADE_UP)
    (tmp_path / "test_without.py").write_text(MADE_UP.replace("linux", "none"))
    done = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-n", "2", "--dist", "loadgroup", "--junitxml=results.xml",
                           "-o", "cache_dir=cache"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
                          env=dict(os.environ, PYTHONPATH=f"{TESTS}:{tmp_path}"))
    assert "3 failed, 33 passed" in done.stdout, done.stdout
    processes = collections.defaultdict(set)
    for line in (tmp_path / "processes").read_text().splitlines():
        name, pid = line.split()
        processes[name].add(pid)
    assert processes["test_one.py"] == processes["test_other.py"]
    assert [len(pids) for pids in processes.values()] == [1, 1, 1]
    cases = {case.get("name") for case in ElementTree.parse(tmp_path / "results.xml").iter("testcase")}
    assert cases == {f"test_beside_it[{number}]" for number in range(12)}
    assert "@" not in (tmp_path / "cache/v/cache/lastfailed").read_text()
