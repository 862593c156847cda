# SPDX-License-Identifier: BSD-2-Clause
"""vm_agent.py - what runs inside a machine of vm.py or uml.py and does there what the test outside asks

    vm_agent [TERMINAL]

One JSON object a line each way, by a port of virtio-serial, or by that terminal. A request has a number and is
answered under it, when it is done; requests run beside each other, each in a thread.

  {"id": 1, "command": ["ip", "link"], "input": "", "timeout": 60}  {"id": 1, "status": 0, "stdout": ...}
  {"id": 2, "call": "package.module:function", "arguments": [...]}  {"id": 2, "value": ...}
  either may be answered by                                         {"id": 2, "error": "Traceback ..."}
"""
import glob
import importlib
import json
import os
import subprocess
import sys
import threading
import traceback
import tty

PORT_NAME = "ul2tp.agent"


def find_port():
    """The descriptor; it is opened once, for a serial line of user-mode Linux ends with its first closing."""
    if len(sys.argv) > 1:
        terminal = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
        tty.setraw(terminal)
        return terminal
    for path in glob.glob("/sys/class/virtio-ports/*/name"):
        with open(path, encoding="ascii") as name:
            if name.read().strip() == PORT_NAME:
                return os.open("/dev/" + path.split("/")[-2], os.O_RDWR)
    sys.exit("vm_agent: there is no port " + PORT_NAME)


def run(request):
    done = subprocess.run(request["command"], input=request.get("input"), capture_output=True, text=True,
                          errors="replace", timeout=request["timeout"], check=False,
                          stdin=None if request.get("input") is not None else subprocess.DEVNULL)
    return {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def call(request):
    module, _, function = request["call"].partition(":")
    return {"value": getattr(importlib.import_module(module), function)(*request["arguments"])}


def answer(request):
    try:
        result = run(request) if "command" in request else call(request)
        return json.dumps(dict(result, id=request["id"]))
    except BaseException:  # pylint: disable=broad-except
        return json.dumps({"id": request["id"], "error": traceback.format_exc()})


def main():
    port = find_port()
    lock = threading.Lock()

    def send(text):
        octets = text.encode() + b"\n"
        with lock:
            while octets:
                octets = octets[os.write(port, octets):]

    send(json.dumps({"id": 0, "value": os.uname().release}))
    with os.fdopen(os.dup(port), "rb", closefd=True) as requests:
        for line in requests:
            request = json.loads(line)
            threading.Thread(target=lambda r=request: send(answer(r)), daemon=True).start()


if __name__ == "__main__":
    main()
