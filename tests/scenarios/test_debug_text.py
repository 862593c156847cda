# SPDX-License-Identifier: BSD-2-Clause
"""The texts of the kernel's debug files: of the same tunnels and sessions, octet for octet what a kernel printed."""
import os
import re
import tempfile

import pytest

from support import debug_steps
from support.api import Api
from support.daemon import Cli, programs_for_everyone
from support.process import NOBODY
from support.wait import eventually

quick = pytest.mark.quick

@pytest.fixture
def steps(shared_daemon, namespace):
    """Does the steps of a case in a namespace of its own."""
    debug_steps.lan(namespace)
    closing = []

    def take(case):
        api = Api(shared_daemon, namespace)
        made = debug_steps.Steps(api, namespace, case)
        closing.extend((made, api))
        made.run()
        return made
    yield take
    for closable in closing:
        closable.close()


def settled(cli, which, expected):
    """The text becomes what is expected: packets are on their way when the steps are done."""
    try:
        eventually(lambda: cli(f"show debug {which}") == expected, "the text of the kernel")
    except AssertionError:
        assert cli(f"show debug {which}") == expected
        raise


@quick
@pytest.mark.parametrize("case", debug_steps.cases())
def test_the_texts_of_a_kernel(shared_daemon, namespace, steps, case):
    """
    Requirements: DBG-1, DBG-2, DBG-3, DBG-10, DBG-11, DBG-12, DBG-13
    """
    cli = Cli(shared_daemon, namespace)
    steps(case)
    for which in ("pppol2tp", "tunnels"):
        settled(cli, which, debug_steps.golden(case, which))


def test_both_texts(shared_daemon, namespace, steps):
    cli = Cli(shared_daemon, namespace)
    steps("several")
    both = debug_steps.golden("several", "pppol2tp") + "\n" + debug_steps.golden("several", "tunnels")
    assert cli("show debug") == both
    assert cli("show debug tunnels pppol2tp") == both
    done = cli.run("show debug proc")
    assert done.returncode == 1 and "expected pppol2tp or tunnels" in done.stderr
    done = cli.run("-j show debug")
    assert done.returncode == 1 and "JSON" in done.stderr


def test_another_namespace_shows_its_own(shared_daemon, namespace, new_namespace, steps):
    """
    Requirements: DBG-1, DBG-10
    """
    steps("several")
    elsewhere = Cli(shared_daemon, new_namespace("elsewhere"))
    for which in ("pppol2tp", "tunnels"):
        assert elsewhere(f"show debug {which}") == debug_steps.golden("nothing", which)


def test_who_may_read(shared_daemon, namespace, steps):
    """As by the modes of the files: /proc/net/pppol2tp is everyone's, and tells no label; debugfs is root's.

    Requirements: DBG-1, DBG-10
    """
    made = steps("v2")
    made.api.more("TUNNEL_SET", {"CONN_ID": 1}, LABEL="secret")
    with tempfile.TemporaryDirectory(prefix="ul2tp-test-") as directory:
        os.chmod(directory, 0o755)
        cli = Cli(shared_daemon, namespace, programs_for_everyone(directory))
        cli.prefix += ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        assert cli("show debug pppol2tp") == debug_steps.golden("v2", "pppol2tp")
        done = cli.run("show debug tunnels")
        assert (done.returncode, done.stdout) == (2, "") and "CAP_NET_ADMIN" in done.stderr
    [tunnel, *_] = made.api.netlink.ul2tp("V2_TUNNEL_GET", dump=True).check().messages
    assert tunnel.decoded["L2TP"]["CONN_ID"] == 1 and "LABEL" not in tunnel.decoded
    assert {m.decoded["L2TP"]["PROTO_VERSION"]
            for m in made.api.netlink.ul2tp("V2_TUNNEL_GET", dump=True).check().messages} == {2}


def test_the_interface_has_gone(shared_daemon, namespace, steps):
    """SES-44: the session stays, and has no line for its interface.

    Requirements: DBG-12
    """
    cli = Cli(shared_daemon, namespace)
    steps("several")
    namespace.ip("link del c0")
    assert cli("show debug tunnels") == debug_steps.golden("several", "tunnels").replace("   interface c0\n", "")


@pytest.mark.plain
def test_thousands_of_sessions(shared_daemon, namespace, steps):
    """All of them, in their order, behind their tunnels."""
    made = steps("several")
    count = 2000
    for number in range(count):
        made.api.session_create(1 if number % 2 else 9, 10000 + number, PEER_SESSION_ID=1)
    text = Cli(shared_daemon, namespace)("show debug tunnels")
    blocks = text.split("\nTUNNEL ")
    assert [b.split()[0] for b in blocks[1:]] == ["1", "3", "5", "9"]
    for block, odd in ((blocks[1], 1), (blocks[4], 0)):
        shown = [int(w) for w in re.findall(r"^  SESSION (\d+), peer 1, ETH$", block, re.MULTILINE)]
        assert shown == [10000 + n for n in range(count) if n % 2 == odd]
        assert f"{count // 2 + 2} sessions, refcnt 3/{count // 2 + 4}\n" in block
