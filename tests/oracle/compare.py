#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""compare.py - what differs between two recordings of probe.py

  compare.py GOLDEN PRODUCT [-v] [-q] [-a AREA]... [--by-scenario]

Either is a directory of .jsonl files or one of them. GOLDEN decides what is expected; what only the product has is
listed as extra. Observations named in quirks.txt and deviations.txt beside this file are counted apart. The exit
status is 0 if everything that counts is equal, and nothing in deviations.txt agrees after all.
"""
import argparse
import collections
import fnmatch
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent


def load(path):
    """{(area, scenario, op): value}"""
    path = pathlib.Path(path)
    observations = {}
    for file in [path] if path.is_file() else sorted(path.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            if line.strip():
                seen = json.loads(line)
                observations[seen["area"], seen["scenario"], seen["op"]] = seen["value"]
    return observations


def listed(name):
    """[(pattern, rows of doc/deviations.md)] of a file of exceptions; "?" in a pattern stands for a space too."""
    lines = [line.split() for line in (HERE / name).read_text().splitlines()]
    return [(words[0], words[1:]) for words in lines if words and not words[0].startswith("#")]


def in_list(key, patterns):
    return any(fnmatch.fnmatchcase("/".join(key), pattern) for pattern, _ in patterns)


def paths(theirs, ours, at=""):
    """Where two values differ: [(path, theirs, ours)]."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        found = []
        for key in sorted(set(theirs) | set(ours)):
            if key not in theirs:
                found.append((f"{at}.{key}", "(absent)", ours[key]))
            elif key not in ours:
                found.append((f"{at}.{key}", theirs[key], "(absent)"))
            else:
                found += paths(theirs[key], ours[key], f"{at}.{key}")
        return found
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [d for i, (t, o) in enumerate(zip(theirs, ours)) for d in paths(t, o, f"{at}[{i}]")]
    same = theirs == ours and isinstance(theirs, type(ours))
    return [] if same else [(at or ".", theirs, ours)]


def without_added_words(theirs, ours):
    """An error that the kernel leaves unexplained may be explained (NL-22): such words are taken out of ours."""
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [without_added_words(t, o) for t, o in zip(theirs, ours)]
    if isinstance(theirs, dict) and isinstance(ours, dict):
        ours = dict(ours)
        if theirs.get("msg") == ours.get("msg") == "error" and "ext" in ours and "ext" not in theirs:
            del ours["ext"]
            flags = int(ours.pop("flags", "0x0"), 16) & ~0x200
            if flags:
                ours["flags"] = hex(flags)
        return {k: without_added_words(theirs[k], v) if k in theirs else v for k, v in ours.items()}
    return ours


def judge(key, golden, product, quirks, deviations):
    """(what is counted, [lines that say why])"""
    theirs = golden[key]
    if key not in product:
        differences = [("", "an answer", "(absent)")]
    else:
        differences = paths(theirs, without_added_words(theirs, product[key]))
    if in_list(key, quirks):
        return "quirk differs" if differences else "quirk equal", []
    if in_list(key, deviations):
        if differences or in_list(key, [row for row in deviations if "*" in row[0]]):
            return "deviates", []
        return "differ", [f"AGREES  {'/'.join(key)}: take it out of deviations.txt"]
    if not differences:
        return "equal", []
    lines = [f"{'DIFF   ' if key in product else 'MISSING'} {'/'.join(key)}"]
    if key in product:
        for at, kernel, ours in differences[:6]:
            lines += [f"   {at:<20} kernel {json.dumps(kernel)[:300]}",
                      f"   {'':<20} product {json.dumps(ours)[:300]}"]
    return "differ" if key in product else "absent", lines


def compare(golden, product, areas=None):
    """({key: what is counted}, [lines]) for the areas of which the product has anything."""
    quirks, deviations = listed("quirks.txt"), listed("deviations.txt")
    wanted = {key[0] for key in product} if areas is None else set(areas)
    results, lines = {}, []
    for key in golden:
        if key[0] in wanted:
            results[key], why = judge(key, golden, product, quirks, deviations)
            lines += why
    lines += [f"EXTRA   {'/'.join(key)}: {json.dumps(product[key])[:300]}"
              for key in product if key[0] in wanted and key not in golden and not in_list(key, deviations)]
    return results, lines


COLUMNS = ("equal", "differ", "absent", "deviates", "quirk equal", "quirk differs")


def summary(results, by_scenario):
    rows = collections.defaultdict(collections.Counter)
    for key, result in results.items():
        rows["/".join(key[:2] if by_scenario else key[:1])][result] += 1
        rows["~"][result] += 1
    print(f"{'':<44}" + "".join(f"{c:>14}" for c in COLUMNS))
    for name in sorted(rows):
        print(f"{'total' if name == '~' else name:<44}" + "".join(f"{rows[name][c]:>14}" for c in COLUMNS))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("golden")
    parser.add_argument("product")
    parser.add_argument("-v", action="store_true", help="print whole values")
    parser.add_argument("-q", action="store_true", help="only the summary")
    parser.add_argument("-a", action="append", help="area(s)")
    parser.add_argument("--by-scenario", action="store_true")
    arguments = parser.parse_args()
    golden, product = load(arguments.golden), load(arguments.product)
    results, lines = compare(golden, product, arguments.a)
    if not arguments.q:
        print("\n".join(lines))
    if arguments.v:
        for key in (k for k, result in results.items() if result == "differ"):
            print(f"{'/'.join(key)}\n   kernel : {json.dumps(golden[key])}\n   product: {json.dumps(product[key])}")
    summary(results, arguments.by_scenario)
    sys.exit(1 if {"differ", "absent"} & set(results.values()) else 0)


if __name__ == "__main__":
    main()
