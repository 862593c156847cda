# SPDX-License-Identifier: BSD-2-Clause
"""What ./run bench makes of its samples: verdicts, tables, a document and a picture"""
import copy
import xml.etree.ElementTree

import pytest

from benchmarks import document, emulated, hosts, picture, report, targets
from benchmarks.progress import Failed
from support.guest import Ended

MACHINE = {"kernel": "6.1", "processor": "P", "processors": 2, "memory_mib": 2048, "load": 0.1, "tcp": "cubic"}


def result(naive=0.7e9, user=(6e9, 6.5e9, 5e9)):
    def row(*rates):
        return [{"tcp1": rate, "packet_s": 1e-6, "p50": 2e-5} for rate in rates]
    return {"machine": MACHINE, "rounds": 3, "seconds": 1, "missing": {"fast": "there is none"}, "samples": {"seg": {
        "plain": row(10e9, 10e9, 10e9), "vxlan": row(8e9, 8e9, 8e9), "naive": row(naive, naive, naive), "user": row(*user)}}}


def verdicts(of):
    return {target.words: verdict for target, _, verdict in targets.judge(of)}


def test_medians_are_of_ratios_within_rounds():
    disturbed = result()
    disturbed["samples"]["seg"]["plain"][1]["tcp1"] = 100e9
    cell = report.summarize(disturbed["samples"])["seg"]["user"]["tcp1"]
    assert cell["median"] == 6e9 and cell["ratio"] == {"median": 0.5, "min": 0.065, "max": 0.6}


@pytest.mark.parametrize("rate, verdict", [(4e9, "not reached"), (5e9, "reached"), (5.9e9, "reached"), (6e9, "beyond")])
def test_targets(rate, verdict):
    assert verdicts(result(user=[rate] * 3))["user-space path, TCP to plain, seg"] == verdict


def test_targets_where_less_is_better_and_what_is_missing():
    found = result()
    assert verdicts(found)["fast path, round trip p50 over plain, us, seg"] == "missing"
    found["samples"]["seg"]["fast"] = copy.deepcopy(found["samples"]["seg"]["user"])
    for taken, more in zip(found["samples"]["seg"]["fast"], (1e-6, 2.5e-6, 9e-6)):
        taken["p50_more"] = more
    assert verdicts(found)["fast path, round trip p50 over plain, us, seg"] == "reached"
    assert verdicts(found)["emulated: fast path to the kernel's l2tp_eth, gso"] == "missing"


def test_what_was_measured_without_sleep():
    found = result()
    found["awake"] = {"seg": {"plain": {"packet_s": 3e-6, "trip_s": 9e-6}, "fast": {"packet_s": 4.2e-6, "trip_s": 12.2e-6}}}
    said = verdicts(found)
    assert said["fast path, a packet of 64 octets to plain, nobody sleeps, seg"] == "reached"
    assert said["fast path, round trip over plain, nobody sleeps, us, seg"] == "not reached"
    table, = report.awake_tables(found)
    assert table.rows == [["plain", "3.00", "9.00"], ["fast", "4.20, 1.40, +1.20", "12.20, 1.36, +3.20"]]


def test_how_far_the_processors_were_apart():
    found = result()
    assert report.apart_words(found) == []
    found["apart"] = [{"word_s": 5e-7, "write_s": 1.7e-5, "call_s": 1e-6}, {"word_s": 2.9e-7, "write_s": 5e-6, "call_s": 1e-7}, None,
                      {"word_s": 4.8e-7, "write_s": 1.1e-5, "call_s": 9e-7}]
    said, = report.apart_words(found)
    assert "480 (290 to 500) ns" in said and "11.0 (5.0 to 17.0) us" in said and "900 (100 to 1000) ns" in said
    assert said in report.remarks(found)


@pytest.mark.parametrize("naive, valid", [(0.39e9, False), (0.4e9, True), (1e9, True), (1.01e9, False)])
def test_a_run_with_another_naive_row_is_invalid(naive, valid):
    assert (report.invalid(result(naive)) == []) == valid
    assert report.invalid({"samples": {}})


class Mortal:
    """An emulated machine that ends at its so manieth sample"""
    release, lives, asked = "6.12", 0, []

    def __init__(self, *_, **__):
        self.left = Mortal.lives

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def call(self, function, *arguments, timeout):
        assert timeout
        if function.endswith("inside_open"):
            return ["plain", "kernel", "user"], {}
        if function.endswith("inside_sample"):
            self.left -= 1
            if self.left < 0:
                raise Ended("Kernel panic")
            Mortal.asked.append(arguments[:2])
        return {"tcp1": 1e9, "packet_s": 1e-6}


@pytest.mark.parametrize("lives, ended", [(12, 0), (5, 2), (3, 3), (0, None)])
def test_an_emulated_machine_that_ends_is_followed_by_another(monkeypatch, lives, ended):
    """What was measured is kept, and the rest measured; those that measure nothing are not started for ever."""
    monkeypatch.setattr(emulated, "Machine", Mortal)
    monkeypatch.setattr(emulated.measuring, "sample_line", str)
    Mortal.lives, Mortal.asked = lives, []
    if ended is None:
        with pytest.raises(Failed, match="Kernel panic"):
            emulated.measure(2, 1, ["user"], ["seg", "gso"])
        return
    found = emulated.measure(2, 1, ["user"], ["seg", "gso"])
    assert Mortal.asked == [(u, r) for u in ("seg", "gso") for r in ("plain", "kernel", "user")] * 2
    assert {len(samples) for rows in found["samples"].values() for samples in rows.values()} == {2}
    assert len(found["ended"]) == ended
    said = [words for words in report.remarks({**result(), "emulated": found}) if "by itself" in words]
    assert len(said) == (ended > 0)


def test_no_time_is_left_for_a_second_round_of_an_emulated_machine(monkeypatch):
    monkeypatch.setattr(emulated, "Machine", Mortal)
    monkeypatch.setattr(emulated.measuring, "sample_line", str)
    monkeypatch.setattr(emulated, "WITHIN_S", 0)
    for Mortal.lives, ended in ((12, 0), (4, 1)):
        Mortal.asked = []
        found = emulated.measure(2, 1, ["user"], ["seg", "gso"])
        assert {len(samples) for rows in found["samples"].values() for samples in rows.values()} == {1}
        assert len(found["ended"]) == ended


def test_a_document_gets_tables_between_its_marks(tmp_path):
    path = tmp_path / "performance.md"
    path.write_text(f"before\n{document.BEGIN}\nold\n{document.END}\nafter\n")
    for _ in range(2):
        document.write(path, result())
        text = path.read_text()
        assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
        assert "| user | 6.00 (5.00 to 6.50), 0.60 |" in text
        assert "| fast | missing |" in text and "fast is missing: there is none." in text
        assert "![One TCP connection over each row](performance.svg)" in text
    svg = xml.etree.ElementTree.parse(path.with_suffix(".svg")).getroot()
    assert len(svg.findall("{http://www.w3.org/2000/svg}rect")) == 4
    path.write_text("no marks")
    with pytest.raises(Failed):
        document.write(path, result())


def test_nothing_measured_draws_nothing():
    assert picture.draw({"samples": {}}) == ""


def test_rows_can_be_interfaces():
    """Each is one on each underlay, by its name."""
    for row in hosts.ROWS:
        for underlay in hosts.UNDERLAYS:
            assert len(f"{row}-{underlay}") <= 15
