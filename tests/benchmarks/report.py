# SPDX-License-Identifier: BSD-2-Clause
"""report.py - what was measured, as tables: for a terminal and for a document

A result is what --json writes. Tables are made once, as lists of words, and laid out twice.
"""
import dataclasses
import os
import pathlib
import platform
import statistics

from benchmarks import targets
from benchmarks.hosts import ROWS
from benchmarks.measuring import GROUPS, MEASURES

UNDERLAY_WORDS = {"seg": "no segmentation below (seg)", "gso": "segmentation below (gso)"}
NAIVE_TO_PLAIN = (0.04, 0.10)


@dataclasses.dataclass
class Table:
    title: str
    heading: list
    rows: list

    def text(self):
        lines = [self.heading, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.heading))]
        return "\n".join([f"\n{self.title}"] + ["  ".join(
            word.ljust(width) if i == 0 else word.rjust(width) for i, (word, width) in enumerate(zip(line, widths))).rstrip()
            for line in lines])

    def markdown(self):
        lines = [self.heading, ["---"] + ["--:"] * (len(self.heading) - 1), *self.rows]
        return f"### {self.title}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def machine(congestion=None):
    model = [line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    memory = next(int(line.split()[1]) for line in pathlib.Path("/proc/meminfo").read_text().splitlines()
                  if line.startswith("MemTotal:"))
    return {"kernel": platform.release(), "processor": model[0] if model else platform.machine(),
            "processors": os.cpu_count(), "memory_mib": memory // 1024, "load": os.getloadavg()[0],
            "tcp": congestion or pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()}


def machine_words(result):
    about = result["machine"]
    words = (f"{about['processor']}, {about['processors']} processors, {about.get('memory_mib', 0) / 1024:.1f} GiB, "
             f"Linux {about['kernel']}, TCP {about['tcp']}, load at the start {about['load']:.2f}; {result['rounds']} "
             f"round{'s' * (result['rounds'] > 1)}, each TCP measurement {result['seconds']} s")
    if about["load"] > 0.5:
        words += ". The machine had other work: only ratios say something, and they are uncertain"
    return words


# --- medians and spreads --------------------------------------------------------------------------------

def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summarize(samples):
    """{underlay: {row: {measure: {median, min, max, ratio: {median, min, max}}}}}; ratio: to plain, within rounds"""
    out = {}
    for underlay, rows in samples.items():
        for row, taken in rows.items():
            for key in MEASURES:
                if not taken or not all(key in sample for sample in taken):
                    continue
                cell = out.setdefault(underlay, {}).setdefault(row, {})[key] = summary([s[key] for s in taken])
                pairs = [s[key] / p[key] for s, p in zip(taken, rows.get("plain", ())) if p.get(key)]
                if pairs and row != "plain":
                    cell["ratio"] = summary(pairs)
    return out


def spread(cell, decimals, scale=1):
    middle, low, high = (f"{cell[name] * scale:.{decimals}f}" for name in ("median", "min", "max"))
    return middle if low == high else f"{middle} ({low} to {high})"


def cell_words(cells, measure):
    if measure.key not in cells:
        return ""
    cell = cells[measure.key]
    words = spread(cell, measure.decimals, measure.scale)
    return words + (f", {cell['ratio']['median']:.2f}" if "ratio" in cell else "")


# --- tables ---------------------------------------------------------------------------------------------

def measured_tables(samples, missing, where=""):
    """For each underlay and group of measures one; the second figure of a cell is the ratio to plain"""
    tables = []
    for underlay, rows in summarize(samples).items():
        for title, measures in GROUPS:
            used = [m for m in measures if any(m.key in cells for cells in rows.values())]
            if not used:
                continue
            lines = [[row, *(cell_words(cells, m) for m in used)] for row, cells in rows.items()]
            lines += [[row, "missing"] + [""] * (len(used) - 1) for row in missing]
            tables.append(Table(f"{where}{title}, {UNDERLAY_WORDS[underlay]}",
                                ["row", *(f"{m.heading}, {m.unit}" for m in used)], lines))
    return tables


def awake_tables(result):
    tables = []
    for underlay, rows in result.get("awake", {}).items():
        plain = rows.get("plain", {})
        lines = []
        for row, taken in rows.items():
            words = [row]
            for key in ("packet_s", "trip_s"):
                word = f"{taken[key] * 1e6:.2f}"
                if plain and row != "plain":
                    word += f", {taken[key] / plain[key]:.2f}, {(taken[key] - plain[key]) * 1e6:+.2f}"
                words.append(word)
            lines.append(words)
        tables.append(Table(f"A packet of 64 octets, on one processor that never sleeps, {UNDERLAY_WORDS[underlay]}",
                            ["row", "there, us, to plain, over plain", "there and back, us, to plain, over plain"], lines))
    return tables


def session_tables(result):
    if not result.get("sessions"):
        return []
    lines = []
    for r in result["sessions"]:
        count = r["sessions"]
        lines.append([f"{count} {r['kind']}", f"{r['create_s']:.2f} s", f"{r['create_s'] / count * 1e3:.3f} ms",
                      f"{r['delete_s']:.2f} s", f"{(r['memory_full_kib'] - r['memory_empty_kib']) / count:.2f} KiB",
                      f"{r['system_kib'] / count:.0f} KiB", f"{(r['memory_after_kib'] - r['memory_empty_kib']) / 1024:.1f} MiB"])
    return [Table("Many sessions", ["sessions", "create", "each", "delete", "ul2tpd's memory, each", "the system's, each",
                                    "ul2tpd's, not given back"], lines)]


def churn_tables(result):
    lines = [[str(r["times"]), f"{r['times'] / r['seconds']:.0f}", f"{r['memory_kib'] / 1024:.1f} MiB", str(r["descriptors"])]
             for r in result.get("churn", ())]
    return [Table("PPP sessions that come and go, a hundred at a time",
                  ["sessions", "a second", "then ul2tpd's memory", "descriptors"], lines)] if lines else []


STORM_PROCESSES = ("program", "engine", "keeper", "launcher")


def storm_tables(result):
    lines = []
    for r in result.get("storms", ()):
        before, full, again, others = r["before"], r["first_full"], r["again_full"], r["sessions"] - r["stay"]
        each = [(full["memory_kib"][who] - before["memory_kib"][who]) / others for who in ("ul2tpd", "launcher")]
        held = [f"{(full['descriptors'][who] - before['descriptors'][who]) / others:.2f}"
                for who in STORM_PROCESSES]
        spent = [f"{r['again_ms'][who]:.2f}" for who in STORM_PROCESSES if "again_ms" in r]
        grown = sum(again["memory_kib"].values()) - sum(full["memory_kib"].values())
        lines.append([str(r["sessions"]), f"{r['first_a_second']:.0f}, {r['again_a_second']:.0f}", ", ".join(spent),
                      f"{r['lost']} of {r['echoes']}", f"{each[0]:.1f} and {each[1]:.1f} KiB", ", ".join(held), f"{grown / 1024:.1f} MiB"])
    return [Table("PPP sessions of a program behind ul2tp run",
                  ["sessions", "a second, first and again", f"ms of a processor, each: {', '.join(STORM_PROCESSES)}", "echoes lost",
                   "memory of ul2tpd and launcher, each", f"descriptors, each: {', '.join(STORM_PROCESSES)}",
                   "grown the second time"], lines)] if lines else []


def scaling_tables(result):
    """Two processors for both hosts; the processors' time for each Gbit is what can be compared"""
    lines = []
    for name, taken in result.get("scaling", {}).items():
        words = [name if name == "plain" else f"{name} worker{'s' * (name != '1')}"]
        for key in ("tcp1", "tcp4", "both4"):
            rate, cost, ours = (summary([s[key + part] for s in taken]) for part in ("", "_gbit_s", "_ours_s"))
            words += [spread(rate, 2, 1e-9), f"{cost['median'] * 1e3:.0f}"
                      + (f", {ours['median'] * 1e3:.0f}" if name != "plain" else "")]
        lines.append(words)
    return [Table("Workers, both hosts on the same two processors (seg)",
                  ["", "TCP, one, Gbit/s", "ms for each Gbit, of that ul2tpd", "four, Gbit/s", "ms", "four each way, Gbit/s", "ms"],
                  lines)] if lines else []


def peers_tables(result):
    """What comes from many to one host, whose workers share it by sender; they and the senders have the same processors."""
    lines = [[f"{name} worker{'s' * (name != '1')}", spread(summary([s["arrived"] for s in taken]), 0, 1e-3),
              spread(summary([s["ours_s"] for s in taken]), 2, 1e6),
              spread(summary([s["busiest"] for s in taken]), 2, 1)]
             for name, taken in result.get("peers", {}).items()]
    return [Table("Packets of 1400 octets from many peers", ["", "arrived, thousands/s", "of ul2tpd's threads for each, us",
                                                             "of that the busiest worker"], lines)] if lines else []


def target_tables(result):
    lines = [[t.words, f"{t.to_reach:g}", f"{t.beyond:g}", "" if value is None else f"{value:.2f}", verdict]
             for t, value, verdict in targets.judge(result)]
    return [Table("Targets", ["what", "to reach", "beyond", "measured", ""], lines)]


def tables(result):
    emulated = result.get("emulated", {})
    return [*measured_tables(result.get("samples", {}), result.get("missing", {})), *awake_tables(result),
            *session_tables(result), *storm_tables(result), *churn_tables(result), *scaling_tables(result), *peers_tables(result),
            *measured_tables(emulated.get("samples", {}), emulated.get("missing", {}), "Emulated: "),
            *target_tables(result)]


def apart_words(result):
    """How far the processors were from each other, and programs from the kernel, before each underlay of each round and after
    the last."""
    found = [taken for taken in result.get("apart", ()) if taken]
    if not found:
        return []
    words, writes, calls = (summary([taken[key] * scale for taken in found])
                            for key, scale in (("word_s", 1e9), ("write_s", 1e6), ("call_s", 1e9)))
    return [f"Between the two processors a word took {spread(words, 0)} ns, and to write 60 KB that the other had read "
            f"{spread(writes, 1)} us; a system call took {spread(calls, 0)} ns. Runs in which these differ can not be compared."]


def remarks(result):
    """What must be read with the tables."""
    said = apart_words(result) + [f"{row} is missing: {why}." for row, why in result.get("missing", {}).items()]
    emulated = result.get("emulated", {})
    if emulated.get("samples"):
        said.append(f"The emulated figures come from a machine under QEMU without KVM, Linux {emulated['kernel']}: "
                    "ratios between its rows say something, and costs of copies are overstated in them.")
    if emulated.get("ended"):
        said.append(f"Such a machine ended by itself ({len(emulated['ended'])} of them); what was left was measured in another.")
    said += [f"{row} is missing from the emulated machine: {why}." for row, why in emulated.get("missing", {}).items()]
    if emulated.get("why"):
        said.append(f"The emulated rows are missing: {emulated['why']}.")
    return said + invalid(result)


def invalid(result):
    """Why the run proves nothing; empty: it may."""
    rows = summarize(result.get("samples", {})).get("seg", {})
    if "ratio" not in rows.get("naive", {}).get("tcp1", {}):
        return ["INVALID: the naive row or plain is missing on seg, so nothing shows that this machine measures as others do."]
    ratio = rows["naive"]["tcp1"]["ratio"]["median"]
    if NAIVE_TO_PLAIN[0] <= ratio <= NAIVE_TO_PLAIN[1]:
        return []
    return [f"INVALID: the naive row has {ratio:.4f} of plain on seg, and it must be between {NAIVE_TO_PLAIN[0]:.2f} and "
            f"{NAIVE_TO_PLAIN[1]:.2f}, or something else than the way through user space was measured."]


def show(result):
    print(machine_words(result))
    print("\nmedian (least to greatest of the rounds), ratio to plain taken within each round")
    for table in tables(result):
        print(table.text())
    for words in remarks(result):
        print(f"\n{words}")


def row_words():
    return [f"* `{row.name}`: {row.words}" for row in ROWS.values()]
