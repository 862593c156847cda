#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""results.py - read what a run of tests/check left behind

Meson and pytest both write JUnit files; tests/fuzz writes one too. tests/check asks here for the counts
of a suite and for what failed or was skipped; tests/requirements.py for each single test.

A suite without a JUnit file (a build, the format check) is one test, judged by its exit status. A suite
that failed although no test of it did (a crash, no tests found) counts one failure.
"""
import argparse
import dataclasses
import pathlib
import sys
import xml.etree.ElementTree


@dataclasses.dataclass
class Test:
    suite: str        # the JUnit file's name, for instance "scenarios" or "sanitizers-unit"
    group: str        # pytest: module; meson: name of the meson test
    name: str         # pytest: function with parameters; cmocka: function
    result: str       # "passed", "failed", "skipped"
    words: str        # why it failed or was skipped
    properties: dict  # pytest's record_property()

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
    """A TAP test of meson's is a suite "project.suite.name" whose cases are "1 function"; one without
    TAP is a case of the suite "project.suite"."""
    number, _, rest = name.partition(" ")
    if number.isdigit():
        name = rest.removeprefix("- ")
        group = suite.split(".")[-1]
    return group, name


def of_suite(out, suite):
    directory = pathlib.Path(out) / "results"
    paths = sorted(directory.glob(f"{suite}.xml")) + sorted(directory.glob(f"{suite}-*.xml"))
    return [test for path in paths for test in read(path)], bool(paths)


def everything(out):
    return [test for path in sorted((pathlib.Path(out) / "results").glob("*.xml")) for test in read(path)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--suite", required=True)
    parser.add_argument("--status", type=int, required=True)
    parser.add_argument("--explain", action="store_true")
    args = parser.parse_args()

    tests, _ = of_suite(args.out, args.suite)
    failed = [t for t in tests if t.result == "failed"]
    skipped = [t for t in tests if t.result == "skipped"]
    passed = len(tests) - len(failed) - len(skipped)
    unexplained = args.status != 0 and not failed
    if not tests and args.status == 0:
        passed = 1

    if not args.explain:
        print(passed, len(failed) + unexplained, len(skipped))
        return
    log = pathlib.Path(args.out) / "log" / f"{args.suite}.log"
    for test in failed:
        print(f"  FAILED {test}: {(test.words.splitlines() or [''])[0][:160]}")
    for reason in sorted({t.words for t in skipped}):
        those = [str(t) for t in skipped if t.words == reason]
        print(f"  skipped {len(those)} ({those[0]}{', ...' if len(those) > 1 else ''}): {reason[:200]}")
    if unexplained:
        print(f"  FAILED with status {args.status}; the end of its log:")
        for line in log.read_text(errors="replace").splitlines()[-20:]:
            print("    " + line)
    if failed or unexplained:
        try:
            log = log.relative_to(pathlib.Path.cwd())
        except ValueError:
            pass
        print(f"  all of it: {log}")


if __name__ == "__main__":
    sys.exit(main())
