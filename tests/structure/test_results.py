# SPDX-License-Identifier: BSD-2-Clause
"""What tests/results.py makes of the names that meson gives its tests, and of programs that fail without a word"""
import pathlib
import subprocess
import sys

import pytest

import results

TESTS = pathlib.Path(results.__file__).parent

# "flaky" is good at its second run. What a program says of its cases is all that meson tells of in its JUnit file.
PROJECT = """project('p')
sh = find_program('sh')
test('good', sh, args: ['-c', 'echo 1..1; echo ok 1 - a'], suite: 'unit', protocol: 'tap')
test('wrong', sh, args: ['-c', 'echo 1..2; echo ok 1 - a; echo not ok 2 - b; exit 1'], suite: 'unit', protocol: 'tap')
test('leaks', sh, args: ['-c', 'echo 1..1; echo ok 1 - a; exit 23'], suite: 'unit', protocol: 'tap')
test('flaky', sh, args: ['-c', 'echo 1..1; echo ok 1 - a; [ -e FILE ] || { touch FILE; kill -SEGV $$; }'], suite: 'unit', protocol: 'tap')
test('hangs', sh, args: ['-c', 'echo 1..2; echo ok 1 - a; exec sleep 60'], suite: 'unit', protocol: 'tap', timeout: 1)
test('plain', sh, args: ['-c', 'exit 3'], suite: 'fuzz')
"""


@pytest.mark.parametrize("suite, case, test", [
    ("ul2tp.ul2tp:unit / data_header", "1 - numbers_wrap", ("data_header", "numbers_wrap")),
    ("ul2tp.data_header", "12 numbers_wrap", ("data_header", "numbers_wrap")),
    ("ul2tp", "golden", ("ul2tp", "golden"))])
def test_a_test_of_meson_has_a_group_and_a_function(suite, case, test):
    assert results.meson_names(suite, suite, case) == test


def run_meson(build, out, name, *words, only=()):
    """What tests/check does in meson_tests"""
    subprocess.run(["meson", "test", "-C", build, "--no-rebuild", *only], capture_output=True, check=False)
    done = subprocess.run([sys.executable, TESTS / "meson_results.py", build, out / "results" / f"{name}.xml", *words],
                          capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_each_program_that_failed_is_counted_and_has_a_second_try(tmp_path):
    (tmp_path / "meson.build").write_text(PROJECT.replace("FILE", str(tmp_path / "was-there")))
    (tmp_path / "results").mkdir()
    build = tmp_path / "b"
    subprocess.run(["meson", "setup", build, tmp_path], capture_output=True, check=True)
    failed = run_meson(build, tmp_path, "unit")
    assert sorted(failed) == ["flaky", "hangs", "leaks", "plain", "wrong"]
    first = {str(test): test.result for test in results.of_suite(tmp_path, "unit")}
    assert {name for name, result in first.items() if result == "failed"} == {
        "wrong: b", "p: p:fuzz / plain", *(f"{name}: the program ends as it should" for name in ("flaky", "hangs", "leaks"))}
    assert sum(result == "passed" for result in first.values()) == 5
    assert sorted(run_meson(build, tmp_path, "unit-again", "--again", only=failed)) == sorted(set(failed) - {"flaky"})
    tests = results.of_suite(tmp_path, "unit")
    assert [(str(test), test.at_first) for test in tests if test.at_first] == [
        ("flaky: the program ends as it should", "ERROR, status -11")]
    assert sum(test.result == "failed" for test in tests) == 4
