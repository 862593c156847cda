#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""results.py - read what a run of tests/check left behind

Meson and pytest both write JUnit files; tests/fuzz writes one too. tests/check asks here for the counts
of a suite and for what failed or was skipped; tests/requirements.py for each single test.

A suite without a JUnit file (a build, the format check) is one test, judged by its exit status. A suite
that failed although no test of it did (a crash, no tests found) counts one failure.

NAME-again.xml holds the second try, alone, of tests that failed in NAME.xml. The second result counts; a test that
passed only then is named with what it said the first time.
"""
import argparse
import dataclasses
import pathlib
import sys
import xml.etree.ElementTree

AGAIN = "-again"  # ends the name of a file of second tries


@dataclasses.dataclass
class Test:
    suite: str        # the JUnit file's name, for instance "scenarios" or "sanitizers-unit"
    group: str        # pytest: module; meson: name of the meson test
    name: str         # pytest: function with parameters; cmocka: function
    result: str       # "passed", "failed", "skipped"
    words: str        # why it failed or was skipped
    properties: dict  # pytest's record_property()
    at_first: str = ""  # what a test said that failed, and passed alone

    @property
    def function(self):
        return self.name.split("[")[0]

    def __str__(self):
        return f"{self.group}: {self.name}" if self.group else self.name


def read(path):
    """All tests of one JUnit file."""
    tests = []
    root = xml.etree.ElementTree.parse(path).getroot()
    for suite in root.iter("testsuite"):
        for case in suite.findall("testcase"):
            result, words = "passed", ""
            for child in case:
                if child.tag in ("failure", "error"):
                    result, words = "failed", child.get("message") or child.text or ""
                elif child.tag == "skipped" and result == "passed":
                    result, words = "skipped", child.get("message") or child.text or ""
            group, name = case.get("classname", ""), case.get("name", "")
            if not group.startswith("tests."):
                group, name = meson_names(suite.get("name", ""), group, name)
            properties = {p.get("name"): p.get("value") for p in case.iter("property")}
            tests.append(Test(path.stem, group, name, result, words.strip(), properties))
    return tests


def meson_names(suite, group, name):
    """A TAP test of meson's is a suite "project.name" or "project.project:suite / name" whose cases are "1 function" or
    "1 - function"; one without TAP is a case of the suite "project"."""
    number, _, rest = name.partition(" ")
    if number.isdigit():
        name = rest.removeprefix("- ")
        group = suite.split(".")[-1].split(" / ")[-1]
    return group, name


def with_second_tries(paths):
    """All tests of these JUnit files, each once."""
    tests = [test for path in paths if not path.stem.endswith(AGAIN) for test in read(path)]
    second = {(t.suite.removesuffix(AGAIN), t.group, t.name): t
              for path in paths if path.stem.endswith(AGAIN) for t in read(path)}
    for test in tests:
        again = second.get((test.suite, test.group, test.name))
        if test.result == "failed" and again and again.result == "passed":
            test.result, test.at_first = "passed", test.words
    return tests


def of_suite(out, suite):
    directory = pathlib.Path(out) / "results"
    return with_second_tries(sorted(directory.glob(f"{suite}.xml")) + sorted(directory.glob(f"{suite}-*.xml")))


def everything(out):
    return with_second_tries(sorted((pathlib.Path(out) / "results").glob("*.xml")))


def first_line(words):
    return (words.splitlines() or [""])[0][:160]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--failed", metavar="NAME", help="how many tests of results/NAME.xml failed, and nothing else")
    parser.add_argument("--suite")
    parser.add_argument("--status", type=int, default=0)
    parser.add_argument("--explain", action="store_true")
    args = parser.parse_args()

    if args.failed:
        path = pathlib.Path(args.out) / "results" / f"{args.failed}.xml"
        print(sum(t.result == "failed" for t in read(path)))
        return
    tests = of_suite(args.out, args.suite)
    failed = [t for t in tests if t.result == "failed"]
    skipped = [t for t in tests if t.result == "skipped"]
    passed = len(tests) - len(failed) - len(skipped)
    unexplained = args.status != 0 and not failed
    if not tests and args.status == 0:
        passed = 1

    if not args.explain:
        print(passed, len(failed) + unexplained, len(skipped), sum(bool(t.at_first) for t in tests))
        return
    for test in tests:
        if test.at_first:
            print(f"  passed only alone {test}: {first_line(test.at_first)}")
    log = pathlib.Path(args.out) / "log" / f"{args.suite}.log"
    for test in failed:
        print(f"  FAILED {test}: {first_line(test.words)}")
    for reason in sorted({t.words for t in skipped}):
        those = [str(t) for t in skipped if t.words == reason]
        print(f"  skipped {len(those)} ({those[0]}{', ...' if len(those) > 1 else ''}): {reason[:200]}")
    if unexplained:
        print(f"  FAILED with status {args.status}; the end of its log:")
        for line in log.read_text(errors="replace").splitlines()[-20:]:
            print("    " + line)
    if failed or unexplained or any(t.at_first for t in tests):
        try:
            log = log.relative_to(pathlib.Path.cwd())
        except ValueError:
            pass
        print(f"  all of it: {log}")


if __name__ == "__main__":
    sys.exit(main())
