# SPDX-License-Identifier: BSD-2-Clause
"""Every request of the matrix, asked of ul2tpd, is answered as Linux 6.12 answered it.

The answers were recorded from a kernel by record_matrix.py; matrix.py explains the file. What may differ
stands here, and in doc/deviations.md: a refusal about which the kernel is silent has words (NL-22), a timeout
is in milliseconds instead of clock ticks (LIM-9, NL-63), and the cases in DIFFERENT.
"""
import pytest

import matrix
import requirements
from support import netlink

TICK_MS = 4

# Case: the rows of doc/deviations.md, and how each step that differs ends here. Such a case shows that ul2tpd
# does what that document says, not that it does what the kernel does: it counts for no requirement.
DIFFERENT = {
    "the same endpoint for another peer": ("TUN-10", {1: "OK", 2: "OK"}),
    "the same id twice in a UDP tunnel": ("SES-6 LIM-5", {2: "EEXIST", 3: "OK"}),
}

CASES = matrix.cases_load()


def timeouts_rounded(attributes):
    """With the timeout as a kernel with 250 ticks a second reports it."""
    return [[name, -(-value // TICK_MS) * TICK_MS if name == "RECV_TIMEOUT" else value]
            for name, value in attributes]


def as_the_kernel(theirs, ours, ext_ack):
    """Our message without what may be more than the kernel's."""
    ours = dict(ours)
    if "attributes" in ours:
        ours["attributes"] = timeouts_rounded(ours["attributes"])
    silent = "policy" not in theirs  # words for octets left over give way to what is really wrong
    if "refused" in theirs and "refused" in ours and ext_ack and silent:
        assert ours.get("words"), f"refused without a word: {ours}"
        for key in ("words", "offset", "attribute", "flags"):
            ours.pop(key, None)
            if key in theirs:
                ours[key] = theirs[key]
    return ours


def step_check(number, step, ours, ext_ack):
    theirs = step["answer"]
    adapted = [as_the_kernel(t, o, ext_ack) for t, o in zip(theirs, ours)] + ours[len(theirs):]
    sent = {k: v for k, v in step.items() if k != "answer"}
    assert adapted == theirs, f"step {number}, {sent}"


def flags_check(ours, case):
    """Whether a refusal is capped, and says that it has words, follows from what the client asked for."""
    for message in ours:
        if "refused" in message:
            capped = netlink.NLM_F_CAPPED if case.get("cap_ack") else 0
            words = netlink.NLM_F_ACK_TLVS if "words" in message else 0
            assert int(message["flags"], 0) == capped | words, message
            assert case.get("ext_ack", True) or "words" not in message


@pytest.mark.filterwarnings("ignore:record_property is incompatible")  # tests/results.py reads what it writes
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_matrix(case, shared_daemon, record_property):
    answers = matrix.case_run_apart(case, lambda: netlink.connect_ul2tpd(shared_daemon.socket))
    _, different = DIFFERENT.get(case["name"], ("", {}))
    assert len(answers) == len(case["steps"])
    for number, (step, ours) in enumerate(zip(case["steps"], answers)):
        flags_check(ours, case)
        if number in different:
            assert matrix.outcome(ours) == different[number], f"step {number}: {ours}"
        else:
            step_check(number, step, ours, case.get("ext_ack", True))
    if case["name"] not in DIFFERENT:
        record_property("requirements", case["requirements"])


def test_what_differs_is_written_down():
    """Each exception above is of a case that exists, and has its rows in doc/deviations.md."""
    assert set(DIFFERENT) <= {case["name"] for case in CASES}
    for rows, _ in DIFFERENT.values():
        assert set(rows.split()) <= requirements.deviations()
