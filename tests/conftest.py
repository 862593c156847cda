# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of the tests that run the programs. What is expensive is shared; what a test changes is its own."""
import os
import pathlib
import signal
import tempfile

import pytest

from support import debug_steps
from support.api import Api
from support.daemon import BUILD, Cli, Daemon
from support.fast_pair import why_not
from support.netns import Cable, Namespace
from support.ppp_file import PppClient
from support.rig import Rig
from support.shared_unit import Sharing
from support.wait import eventually

FIRST = ("test_xl2tpd.py", "test_systemd.py")  # they wait for minutes, for which nobody should have to wait at the end
SHARED_MACHINES = ("ppp_machine", "debian", "linux")  # fixtures of emulated machines that several files share


def pytest_configure(config):
    config.addinivalue_line("markers", "quick: belongs to ./run check --quick")
    config.addinivalue_line("markers", "kernels: leans on what one kernel does unlike another; tests/kernels runs it on Debian's")
    config.addinivalue_line("markers", "plain: not run with sanitizers, which see what it does in other tests, and for which it is long")
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # a job in the background of a script; tests send it
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(hookwrapper=True)
def pytest_collection_modifyitems(items):
    """Where tests run beside each other (pytest-xdist, --dist loadgroup), those of one emulated machine stay together.
    A machine that files share is named by its fixture. The groups must be known before pytest-xdist looks for them, in a
    hook of this name; what comes first is decided when all others have sorted."""
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        group = parameters.get("debian", "")
        shared = [name for name in SHARED_MACHINES if name in item.fixturenames]
        item.add_marker(pytest.mark.xdist_group(f"{shared[0] if shared else item.path.name} {group}".rstrip()))
    yield
    items.sort(key=lambda item: item.path.name not in FIRST)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    """pytest-xdist puts the group into a test's name, by which neither --last-failed nor tests/requirements.py would know it.
    It needs the name until the report has come from the process in which the test ran, its node."""
    if hasattr(report, "node") and report.nodeid.rfind("@") > report.nodeid.rfind("]"):
        report.nodeid = report.nodeid.rpartition("@")[0]


@pytest.fixture(scope="session")
def build():
    for program in ("ul2tpd", "ul2tp"):
        if not os.access(BUILD / program, os.X_OK):
            pytest.exit(f"{BUILD / program} is not built: ./run build", returncode=1)
    return BUILD


@pytest.fixture(scope="module")
def shared_daemon(request, build):
    """One daemon for the tests of a module, which must not break it; with its DAEMON_OPTIONS, if it has such."""
    daemon = Daemon(*getattr(request.module, "DAEMON_OPTIONS", ()))
    yield daemon
    assert "engine-died" not in daemon.log
    assert daemon.stop() == 0


@pytest.fixture(scope="module")
def cable():
    """Two namespaces, near and far, with a veth between them."""
    made = Cable()
    yield made
    made.close()


@pytest.fixture
def own_cable():
    """One that no other test has been at."""
    made = Cable()
    yield made
    made.close()


@pytest.fixture
def rig(shared_daemon, cable):
    """Tunnels of the shared daemon in the near namespace, with the test itself as the far end."""
    made = Rig(shared_daemon, cable)
    yield made
    made.close()


@pytest.fixture
def api(shared_daemon, cable):
    """A client in the near namespace; what it leaves behind is removed."""
    devices = cable.near.devices()
    with Api(shared_daemon, cable.near) as made:
        yield made
        for conn_id in made.tunnels():
            made.tunnel_delete(conn_id)
    eventually(lambda: cable.near.devices() <= devices, "the devices of the test are gone")


@pytest.fixture
def near(shared_daemon, cable):
    """The near end of PPP units that share a device; it leaves no route."""
    made = Sharing(shared_daemon, cable)
    yield made
    made.close()
    assert made.routes() == made.routes(6) == set(), "no route is left"


@pytest.fixture
def ppp(shared_daemon, cable):
    """PPPoL2TP sockets and files of /dev/ppp in the near namespace."""
    with PppClient(shared_daemon, cable.near) as made:
        yield made


@pytest.fixture
def cli(shared_daemon, cable):
    """The program ul2tp in the near namespace."""
    return Cli(shared_daemon, cable.near)


@pytest.fixture
def daemon(build):
    """A daemon of the test's own."""
    with Daemon() as made:
        yield made


@pytest.fixture
def namespace():
    """An empty namespace of the test's own."""
    made = Namespace()
    yield made
    made.close()


@pytest.fixture(scope="module")
def fast_path(build):
    """This machine and this build have it, or the test is skipped."""
    words = why_not()
    if words:
        pytest.skip(words)


@pytest.fixture
def open_directory():
    """One that everybody can enter, which the checkout need not be."""
    with tempfile.TemporaryDirectory(prefix="ul2tp-test-") as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


@pytest.fixture
def new_namespace():
    """Makes namespaces of the test's own: new_namespace("word"), or of another class of netns.py."""
    made = []

    def make(word="ns", kind=Namespace):
        made.append(kind(word) if kind is Namespace else kind())
        return made[-1]
    yield make
    for namespace in made:
        namespace.close()


@pytest.fixture
def steps_of(namespace):
    """The steps of a case, done to a daemon in the test's namespace."""
    debug_steps.lan(namespace)
    closing = []

    def take(daemon, case):
        api = Api(daemon, namespace)
        closing.extend((api, debug_steps.Steps(api, namespace, case)))
        return closing[-1]
    yield take
    for closable in closing:
        closable.close()
