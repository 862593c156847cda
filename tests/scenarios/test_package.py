# SPDX-License-Identifier: BSD-2-Clause
"""Debian's packages: made of what is tested here, complete, and what apt does with them leaves sessions alone

packaging/package makes them, but takes the programs from the tested build; compiling them as Debian does is left out.
"""
import gzip
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support.daemon import BUILD
from support.netns import Cable, run
from support.systemd_machine import SYSTEMD, CanNotStart, SystemdMachine, meson_install
from support.wait import eventually

pytestmark = pytest.mark.plain
TOP = pathlib.Path(__file__).resolve().parents[2]
OF_DEBIAN = re.compile(r"etc/needrestart/.*|usr/share/(doc/[^/]+/(copyright|changelog\.Debian\.gz)|lintian/.*|doc/libul2tp(0|-dev)/.*)")
# As needrestart asks its configuration
LEFT_ALONE = """
my %nrconf;
eval do { local(@ARGV, $/) = </etc/needrestart/conf.d/*.conf>; <> };
die $@ if $@;
exit !grep { "ul2tpd.service" =~ /$_/ and !$nrconf{override_rc}->{$_} } keys %{$nrconf{override_rc}};
"""
NEWER = "9.0-1"

if not os.path.exists(SYSTEMD):
    pytest.skip("systemd is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """{name: file}"""
    into = tmp_path_factory.mktemp("packages")
    said = run(TOP / "packaging/package", "--built", BUILD, "--into", into,
               env={**os.environ, "DEB_BUILD_OPTIONS": "noautodbgsym"}).stdout
    made = {path.name.partition("_")[0]: path for path in into.glob("*.deb")}
    assert set(made) == {"ul2tp", "libul2tp0", "libul2tp-dev"}
    assert said.split() == ["apt", "install", str(made["ul2tp"]), str(made["libul2tp0"])]
    return made


def files(directory):
    return {str(path.relative_to(directory)): path for path in pathlib.Path(directory).rglob("*")
            if path.is_symlink() or not path.is_dir()}


def text(path):
    octets = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return octets.replace(b"/usr/local/", b"/usr/")


def test_they_have_what_is_installed_otherwise(packages, tmp_path):
    """File by file, what `meson install` puts below its prefix; programs are stripped."""
    meson_install(tmp_path / "meson")
    for package in packages.values():
        run("dpkg-deb", "-x", package, tmp_path / "packages")
    found = {re.sub(r"^usr/", "", name).replace("doc/ul2tp/changelog.gz", "doc/ul2tp/CHANGELOG.md").removesuffix(".gz"): path
             for name, path in files(tmp_path / "packages").items() if not OF_DEBIAN.fullmatch(name)}
    wanted = {re.sub(r"^usr/(local/)?", "", name): path for name, path in files(tmp_path / "meson").items()}
    del wanted["share/doc/ul2tp/LICENSE"]
    assert set(found) == set(wanted)
    for name, path in wanted.items():
        if not path.is_symlink() and path.read_bytes()[:4] != b"\x7fELF":
            assert text(found[name]) == text(path).replace(b"prefix=/usr/local", b"prefix=/usr"), name


def test_debian_has_nothing_to_say_of_them(packages):
    into = packages["ul2tp"].parent
    done = run("lintian", "--display-info", "--allow-root", *into.glob("*.changes"), check=False,
               env={**os.environ, "TMPDIR": str(into)})    # it leaves files
    assert done.returncode == 0 and not done.stdout, done.stdout + done.stderr


def test_what_builds_is_what_debian_is_told():
    """The list of ./run build, without what every Debian package is built with, and the control file."""
    control = (TOP / "packaging/debian/control").read_text()
    told = set(re.findall(r"^(?:Build-Depends:)? ([\w-]+)", re.search(r"Build-Depends:.*?\n(?! )", control, re.S)[0], re.M))
    lists = [re.sub(r"#.*", "", (TOP / f"packaging/debian-12/{name}.list").read_text()).split() for name in ("build", "package")]
    assert told - {"debhelper-compat"} == set(sum(lists, [])) - {"gcc", "libc6-dev", "debhelper", "dpkg-dev", "build-essential"}


@pytest.fixture
def machine(packages, build):
    def fill(directory):
        made = pathlib.Path(directory, "packages")
        made.mkdir()
        for package in packages.values():
            shutil.copy(package, made)
        # The same as a newer release
        run("dpkg-deb", "-R", packages["ul2tp"], made / "newer")
        control = made / "newer/DEBIAN/control"
        control.write_text(re.sub(r"^Version: .*", f"Version: {NEWER}", control.read_text(), flags=re.M))
        run("dpkg-deb", "-Znone", "-b", made / "newer", made / "newer.deb")
        shutil.rmtree(made / "newer")

    cable = Cable()
    try:
        with SystemdMachine(cable.near, fill) as made:
            # With it packages index all manual pages, which takes longer than all else.
            made.shell("rm -f /usr/sbin/policy-rc.d /var/lib/man-db/auto-update")
            yield made
    except CanNotStart as why:
        pytest.skip(f"no systemd can be started here: {why}")
    finally:
        cable.close()


def dpkg(machine, *words):
    return machine.run("dpkg", "--force-unsafe-io", *words).stdout


def traces(machine):
    """All that names it, and all that is configured or kept."""
    return set(machine.shell(r"""
find /usr /var /tmp -xdev -name '*ul2tp*'
find /etc /var/lib /run ! -path '/run/systemd/*' ! -path '/run/log/*' ! -path '/var/lib/dpkg/*-old' | grep -v '^/run/user'
""").splitlines())


def test_a_gateway_installs_upgrades_and_removes_them(machine):
    """The first command starts the daemon; an upgrade leaves it alone, with its sessions, until it is reloaded, which ends none;
    xl2tpd is left alone, too."""
    before = traces(machine)
    machine.shell("cd /packages; dpkg --force-unsafe-io -i ul2tp_* libul2tp0_* libul2tp-dev_*")
    assert machine.show("ul2tpd.socket", "ActiveState", "UnitFileState") == ["active", "enabled"]
    assert machine.show("ul2tpd.service", "ActiveState") == ["inactive"]
    assert machine.show("xl2tpd.service", "DropInPaths") == [""]
    machine.shell("""
ul2tp --version
ul2tp add tunnel tunnel_id 2 peer_tunnel_id 2 local 192.0.2.1 remote 192.0.2.2 udp_sport 5000 udp_dport 5001
ul2tp add session tunnel_id 2 session_id 2 peer_session_id 2 name of-apt
cd /tmp; cc -o two-ends /usr/share/doc/libul2tp-dev/examples/two-ends.c $(pkg-config --cflags --libs libul2tp); rm two-ends
""")
    pid, = machine.show("ul2tpd.service", "MainPID")

    said = dpkg(machine, "-i", "/packages/newer.deb")
    assert "goes on with its sessions" in said, said
    machine.run("perl", "-we", LEFT_ALONE)
    assert machine.run("dpkg-query", "-W", "-f", "${Version}", "ul2tp").stdout == NEWER
    assert machine.show("ul2tpd.service", "MainPID", "NRestarts") == [pid, "0"]
    assert "of-apt" in machine.run("ul2tp", "show", "session").stdout
    machine.run("systemctl", "reload", "ul2tpd")
    eventually(lambda: "event=upgraded" in machine.journal("ul2tpd.service"), "it is the new one")
    assert machine.show("ul2tpd.service", "MainPID", "NRestarts") == [pid, "0"]
    assert machine.shell(f"readlink /proc/{pid}/exe") == "/usr/sbin/ul2tpd\n"
    assert "of-apt" in machine.run("ul2tp", "show", "session").stdout
    machine.run("systemctl", "restart", "ul2tpd")
    assert "of-apt" not in machine.run("ul2tp", "show", "session").stdout

    dpkg(machine, "-r", "ul2tp")
    assert machine.shell("pgrep ul2tpd || true; ls -d /run/ul2tp 2>&1 || true").startswith("ls: cannot access")
    dpkg(machine, "-P", "ul2tp", "libul2tp0", "libul2tp-dev")
    assert traces(machine) == before
