# SPDX-License-Identifier: BSD-2-Clause
"""The quick start of README.md does what it says: its blocks are run as they stand, in two namespaces."""
import os
import pathlib
import re
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("UL2TP_BUILD", TOP / "build")).resolve()


def block(first_line):
    """The shell block of README.md that starts with this comment."""
    return re.search(rf"```sh\n({re.escape(first_line)}\n.*?)```", (TOP / "README.md").read_text(),
                     re.DOTALL)[1]


def shell(host, script, environment, directory):
    done = subprocess.run(["ip", "netns", "exec", host, "bash", "-e"], input=script, text=True, cwd=directory,
                          env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture
def hosts():
    """Host A and host B with the addresses of the quick start, and a way between them."""
    a, b = f"ul2tp-docs-a-{os.getpid()}", f"ul2tp-docs-b-{os.getpid()}"
    try:
        for host in (a, b):
            subprocess.run(["ip", "netns", "add", host], check=True)
        subprocess.run(["ip", "link", "add", "wan", "netns", a, "type", "veth", "peer", "name", "wan",
                        "netns", b], check=True)
        for host, own, other in ((a, "198.51.100.10", "203.0.113.20"), (b, "203.0.113.20", "198.51.100.10")):
            subprocess.run(["ip", "-n", host, "-batch", "-"], text=True, check=True, input=(
                f"address add {own}/32 dev wan\nlink set wan up\nroute add {other}/32 dev wan\n"))
        yield a, b
    finally:
        for host in (a, b):
            subprocess.run(["ip", "netns", "del", host], check=False)


@pytest.fixture
def environment(tmp_path):
    """A running ul2tpd and what a shell needs to find it."""
    tmp_path.chmod(0o755)
    environment = dict(os.environ, UL2TP_SOCKET=str(tmp_path / "ul2tpd.sock"),
                       PATH=f"{BUILD}:{os.environ['PATH']}")
    with (tmp_path / "ul2tpd.log").open("w") as log:
        daemon = subprocess.Popen([str(BUILD / "ul2tpd")], env=environment, stdout=log, stderr=log,
                                  start_new_session=True)
    try:
        deadline = time.monotonic() + 20
        while not (tmp_path / "ul2tpd.sock").exists():
            assert daemon.poll() is None and time.monotonic() < deadline, (tmp_path / "ul2tpd.log").read_text()
            time.sleep(0.05)
        yield environment
    finally:
        daemon.terminate()
        daemon.wait(20)


def test_the_quick_start_works_as_written(hosts, environment, tmp_path):
    a, b = hosts
    shell(a, block("# host A"), environment, tmp_path)
    shell(b, block("# host B"), environment, tmp_path)
    shell(a, "ping -q -c 3 -i 0.2 -W 5 10.0.0.2", environment, tmp_path)

    commonest = re.search(r"### The commonest things\n+```sh\n(.*?)```", (TOP / "README.md").read_text(),
                          re.DOTALL)[1]
    out = shell(a, commonest, environment, tmp_path)
    assert "Session 1 in tunnel 10" in out
    assert shell(a, "ul2tp show session; ul2tp show tunnel", environment, tmp_path).strip() == ""

    # What `save` printed makes the same state again, as the README says.
    shell(a, "ul2tp -batch tunnels.txt; ip address add 10.0.0.1/24 dev l2tpeth0; ip link set l2tpeth0 up",
          environment, tmp_path)
    shell(a, "ping -q -c 3 -i 0.2 -W 5 10.0.0.2", environment, tmp_path)


def test_two_sites_are_one_ethernet_as_written(hosts, environment, tmp_path):
    """The manual's bridge, on top of the quick start: frames of full length pass, though the path has no room for them."""
    a, b = hosts
    page = (TOP / "man/ul2tp.8").read_text()
    bridge = re.search(r"\.Ss Two sites as one Ethernet\n.*?\.Bd .*?\n(.*?)\.Ed", page, re.DOTALL)[1]
    for host, first, address in ((a, "# host A", "10.0.0.1"), (b, "# host B", "10.0.0.2")):
        made = shell(host, block(first) + "ip link add eth1 type veth peer name lan\nip address flush dev l2tpeth0\n"
                     "ip -o link show l2tpeth0\n", environment, tmp_path)
        assert "mtu 1438 " in made and "1438" in page, made
        shell(host, f"{bridge}ip address add {address}/24 dev br0\n", environment, tmp_path)
    shell(a, "ping -q -c 3 -i 0.2 -W 5 -M do -s 1472 10.0.0.2", environment, tmp_path)


def test_programs_for_the_kernel_run_as_written(hosts, environment, tmp_path):
    a, _ = hosts
    lines = re.search(r"### Programs for the kernel's L2TP\n.*?```sh\n(.*?)```", (TOP / "README.md").read_text(),
                      re.DOTALL)[1]
    # The shell of the last line reads what comes after it.
    out = shell(a, lines.replace("run --check ", "-j run --check ") + "\nip -j l2tp show tunnel\n", environment, tmp_path)
    assert '"peer_tunnel":40' in out.replace(" ", "")
    assert '"usable":true' in out.replace(" ", "")
    first = re.search(r"^ul2tp run ip l2tp show tunnel", (TOP / "README.md").read_text(), re.MULTILINE)[0]
    assert "Tunnel 30, encap UDP" in shell(a, first, environment, tmp_path)
