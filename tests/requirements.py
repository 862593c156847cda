#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""requirements.py - which requirement was tested by what, and how it came out

  ./run requirements [--json] [--summary]

Made from the last run of ./run check: the ids are the rows of doc/kernel-behaviour.md, the tests are
those in build/check/results that ran. A test names the ids it would fail for:

  C       a comment above the function:        /* Requirements: SEQ-2, SEQ-3 */
  pytest  a line of the docstring:             Requirements: NL-27, NL-55
          the parameters or the properties of one test: test_receive[RX-7 short], requirements="RX-7"

A skipped test counts for nothing, a failed one against the id. What ul2tp does differently on purpose,
or not yet, is a row of doc/deviations.md that names the id.

The exit status is 1 if, of the sections that are claimed (below), 10 % or more have neither.
"""
import argparse
import ast
import json
import pathlib
import re
import subprocess
import sys

import results

TOP = pathlib.Path(__file__).resolve().parents[1]
OUT = TOP / "build/check"
ID = re.compile(r"\b((?:NL|TUN|SES|HDR|RX|SEQ|STAT|TX|UDP|IPS|PX|PPP|ETH|DBG|Q|LIM)-\d+)\b")

# Claimed: netlink, tunnels, sessions, data plane, PPPoL2TP sockets, PPP, L2TP/IP sockets and Ethernet.
CLAIMED = ("1", "2", "3", "4", "5", "6", "7")


def requirements():
    """{id: (section, text)} in the order of the document."""
    found, section = {}, ""
    for line in (TOP / "doc/kernel-behaviour.md").read_text().splitlines():
        heading = re.match(r"#+ (\d+(?:\.\d+)*)\.? ", line)
        if heading:
            section = heading[1]
        cells = [c.strip() for c in line.split("|")[1:-1]]
        for at, cell in enumerate(cells[:2]):
            if ID.fullmatch(cell) and cell not in found:
                found[cell] = (section, " ".join(cells[at + 1:]))
    return found


def deviations():
    """Ids that a table row of doc/deviations.md has in its first cell."""
    ids = set()
    for line in (TOP / "doc/deviations.md").read_text().splitlines():
        if line.startswith("|"):
            ids |= set(ID.findall(line.split("|")[1]))
    return ids


def claimed(section):
    return section.partition(".")[0] in CLAIMED


def named_after(text):
    """Ids after "Requirements:", which may go on over lines that hold nothing but ids."""
    ids, going = set(), False
    for line in text.splitlines():
        line = line.strip(" */")
        if line.startswith("Requirements:"):
            going, line = True, line.removeprefix("Requirements:")
        elif ID.sub("", line).strip(" ,.and"):
            going = False
        if going:
            ids |= set(ID.findall(line))
    return ids


def ids_in_python():
    """{(module, function): ids}"""
    found = {}
    for path in (TOP / "tests").rglob("test_*.py"):
        module = ".".join(path.relative_to(TOP).with_suffix("").parts)
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
                found.setdefault((module, node.name), set()).update(
                    named_after(ast.get_docstring(node) or ""))
    return found


C_TEST = re.compile(r"/\*((?:(?!\*/).)*Requirements:(?:(?!\*/).)*)\*/\s*static void (\w+)\(void \*\*\w*\)",
                    re.DOTALL)


def ids_in_c():
    """{(meson test, function): ids}; meson knows which files a test is made of."""
    done = subprocess.run(["meson", "introspect", "--targets", str(OUT / "gcc")], capture_output=True,
                          text=True, check=False)
    found = {}
    for target in json.loads(done.stdout) if done.returncode == 0 else []:
        if not target["name"].endswith("_test"):
            continue
        for source in (s for block in target["target_sources"] for s in block.get("sources", [])):
            path = pathlib.Path(source)
            if path.suffix == ".c" and path.exists():
                for comment, function in C_TEST.findall(path.read_text()):
                    found[target["name"].removesuffix("_test"), function] = named_after(comment)
    return found


def ids_of(test, in_c, in_python):
    ids = set(ID.findall(test.properties.get("requirements") or ""))
    if test.group.startswith("tests."):
        # A class of tests adds its name to the module's.
        module = test.group
        while (module, test.function) not in in_python and module.count(".") > 1:
            module = module.rpartition(".")[0]
        ids |= in_python.get((module, test.function), set())
        ids |= set(ID.findall(test.name.partition("[")[2]))
    else:
        ids |= in_c.get((test.group, test.function), set())
    return ids


def collect():
    rows = requirements()
    tested = {identifier: [] for identifier in rows}
    in_c, in_python = ids_in_c(), ids_in_python()
    unknown = set()
    for test in results.everything(OUT):
        for identifier in ids_of(test, in_c, in_python):
            if identifier not in rows:
                unknown.add(f"{test} names {identifier}, which doc/kernel-behaviour.md does not have")
            elif test.result != "skipped":
                tested[identifier].append(test)
    differs = deviations()
    report = []
    for identifier, (section, text) in rows.items():
        tests = tested[identifier]
        state = "failed" if any(t.result == "failed" for t in tests) else \
            "passed" if tests else "deviation" if identifier in differs else "none"
        report.append({"id": identifier, "section": section, "claimed": claimed(section),
                       "deviation": identifier in differs, "result": state,
                       "tests": [{"test": f"{t.suite}: {t}", "result": t.result} for t in tests],
                       "text": text})
    return report, sorted(unknown)


def show(report):
    for row in report:
        flag = "  (deviates)" if row["deviation"] and row["tests"] else ""
        names = sorted({t["test"].split("[")[0] for t in row["tests"]})
        print(f"{row['id']:8} {row['result']:9} {names[0] if names else '-'}{flag}")
        for name in names[1:]:
            print(f"{'':18} {name}")
    print()


def summary(report):
    print("section   ids  tested  deviation only  neither")
    for number in sorted({r["section"] for r in report}, key=lambda s: [int(n) for n in s.split(".")]):
        rows = [r for r in report if r["section"] == number and r["claimed"]]
        if rows:
            count = {s: sum(r["result"] == s for r in rows) for s in ("passed", "failed", "deviation", "none")}
            print(f"{number:7} {len(rows):5} {count['passed'] + count['failed']:7} "
                  f"{count['deviation']:15} {count['none']:8}")
    rows = [r for r in report if r["claimed"]]
    lacking = [r["id"] for r in rows if r["result"] == "none"]
    percent = 100 * len(lacking) / len(rows)
    print(f"\nSections {', '.join(CLAIMED)}: {len(rows)} requirements, {len(lacking)} ({percent:.1f} %) with neither a test nor a deviation"
          + (": " + ", ".join(lacking) if lacking else ""))
    failed = [r["id"] for r in rows if r["result"] == "failed"]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return percent < 10 and not failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], prog="./run requirements")
    parser.add_argument("--json", action="store_true", help="every id as JSON")
    parser.add_argument("--summary", action="store_true", help="the counts only")
    args = parser.parse_args()

    if not any((OUT / "results").glob("*.xml")):
        sys.exit("requirements: no results in build/check/results; run ./run check first")
    report, unknown = collect()
    if args.json:
        json.dump(report, sys.stdout, indent=1)
        print()
        rows = [r for r in report if r["claimed"]]
        return 0 if sum(r["result"] == "none" for r in rows) < len(rows) / 10 else 1
    if not args.summary:
        show(report)
    good = summary(report)
    for line in unknown:
        print("wrong: " + line)
    return 0 if good and not unknown else 1


if __name__ == "__main__":
    sys.exit(main())
