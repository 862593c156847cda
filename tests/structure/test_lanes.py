# SPDX-License-Identifier: BSD-2-Clause
"""tests/lanes.sh, with suites that are made up: two at a time, second tries alone, an interruption leaves nothing"""
import pathlib
import re
import signal
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
LIMIT = 120  # seconds

BEGIN = """
out=$1 python=/usr/bin/python3 silent_limit=600
. tests/lanes.sh
trap interrupted INT TERM
there() { until [ -e "$out/$1" ]; do sleep 0.05; done; }
"""

# The first and the last wait for each other. "early" says that a test of it failed, and passes when nothing runs beside
# it, long after it had said its last; "broken" fails without a test, and "cut" leaves half a file of results.
ENDING = BEGIN + """
junit() {
	echo '<testsuites><testsuite name="s"><testcase classname="tests.s" name="one"/>'
	echo "<testcase classname='tests.s' name='two'>$1</testcase></testsuite></testsuites>"
}
suite_early() {
	if [ -n "$again" ]; then
		sleep 2
		[ ! -e "$out/running" ] && junit "" >"$out/results/early-again.xml"
		return
	fi
	touch "$out/early"
	there late
	$python -c 'import time
while time.process_time() < 1.5: pass'
	junit "<failure message='was busy'/>" >"$out/results/early.xml"
	try_again_alone early
	touch -d "1 hour ago" "$out/log/early.log"
}
suite_cut() { echo "<testsuites><testsuite" >"$out/results/cut.xml"; }
suite_broken() { echo "it is broken"; return 3; }
suite_late() {
	touch "$out/late" "$out/running"
	there early
	nice >"$out/nice"
	rm "$out/running"
}
run_lanes early broken cut late
run_second_tries
printf '0m0.1s 0m0.1s\n0m59.500s 1m1.700s\n' >"$out/log/x.times"
echo "$passed $failed $skipped $alone; $(processor_seconds x) and $(processor_seconds nobody)"
"""

ENDLESS = BEGIN + """
suite_left() { trap 'touch "$out/tidied"; exit 1' INT; sleep 600 & echo $! >"$out/left.pid"; touch "$out/left"; wait; }
suite_right() { sleep 600 & echo $! >"$out/right.pid"; touch "$out/right"; wait; }
run_lanes left right
"""


@pytest.fixture
def out(tmp_path):
    for name in ("results", "log"):
        (tmp_path / name).mkdir()
    return tmp_path


def words(script, out):
    return ["/bin/bash", "-c", script, "lanes", str(out)]


def test_two_at_a_time_and_second_tries_at_the_end(out):
    done = subprocess.run(words(ENDING, out), cwd=TOP, capture_output=True, text=True, timeout=LIMIT, check=True)
    assert "ParseError" in done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "3 2 0 1; 121 and 0", done.stdout  # late, and both tests of early; broken, cut
    assert "  early: what failed is run once more, alone, at the end" in lines
    assert "  passed only alone tests.s: two: was busy" in lines
    assert "    it is broken" in lines
    assert re.search(r"^early +[0-9.]+ s +[1-9][0-9]* s of a processor ", done.stdout, re.MULTILINE), done.stdout
    ended = [line.split()[0] for line in lines if line.endswith(" skipped")]
    assert sorted(ended) == ["broken", "cut", "early", "late"] and ended[-1] == "early"
    assert int((out / "nice").read_text()) >= 5, "the lane from the back has a lower priority"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_nothing(out, number):
    with subprocess.Popen(words(ENDLESS, out), cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as check:
        deadline = time.monotonic() + LIMIT
        while not ((out / "left").exists() and (out / "right").exists()):
            assert time.monotonic() < deadline and check.poll() is None
            time.sleep(0.05)
        check.send_signal(number)
        said, _ = check.communicate(timeout=LIMIT)
    assert check.returncode == 130 and "interrupted; tidying up" in said
    assert (out / "tidied").exists()
    for name in ("left.pid", "right.pid"):
        stat = pathlib.Path("/proc", (out / name).read_text().strip(), "stat")
        assert not stat.exists() or stat.read_text().split(")")[1].split()[0] == "Z"
