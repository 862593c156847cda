#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""meson_results.py - make of what `meson test` left in a build what tests/results.py counts

    tests/meson_results.py BUILD OUTPUT [--again]

Meson's JUnit file has the cases that a program told of, and nothing of one that crashed, hung or leaked after them. So
each program that failed, none of whose cases did, gets one more case here, ENDING. After a second try (--again) each program
has it, so that tests/results.py finds there what failed at first. Prints the names of the programs that failed.
"""
import argparse
import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

ENDING = "the program ends as it should"
GOOD = ("OK", "SKIP", "EXPECTEDFAIL")


def programs(build):
    """{name as meson has it, "project:suite / name": what came of it}"""
    lines = (pathlib.Path(build) / "meson-logs/testlog.json").read_text().splitlines()
    return {run["name"]: run for run in map(json.loads, lines)}


def cases(root, name):
    """Those of a program. One without cases of its own is itself a case of its project."""
    project = name.split(":")[0]
    for suite in root.iter("testsuite"):
        for case in suite.findall("testcase"):
            if suite.get("name") == f"{project}.{name}" or case.get("name") == name:
                yield case


def add_ending(root, name, run):
    suite = ElementTree.SubElement(root, "testsuite", name=f"{name.split(':')[0]}.{name}")
    case = ElementTree.SubElement(suite, "testcase", name=f"0 {ENDING}", classname=suite.get("name"))
    if run["result"] not in GOOD:
        ElementTree.SubElement(case, "failure", message=f"{run['result']}, status {run['returncode']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("output")
    parser.add_argument("--again", action="store_true")
    args = parser.parse_args()

    tree = ElementTree.parse(pathlib.Path(args.build) / "meson-logs/testlog.junit.xml")
    root = tree.getroot()
    for name, run in programs(args.build).items():
        said = any(case.find(word) is not None for case in cases(root, name) for word in ("failure", "error"))
        bad = run["result"] not in GOOD
        if args.again or bad and not said:
            add_ending(root, name, run)
        if bad:
            print(name.split(" / ")[-1])
    tree.write(args.output, encoding="utf-8", xml_declaration=True)


if __name__ == "__main__":
    sys.exit(main())
