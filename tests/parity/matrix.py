# SPDX-License-Identifier: BSD-2-Clause
"""matrix.py - cases of netlink requests, as data: sending them, and what came back

A case of tests/goldens/netlink/matrix.json is a name, the requirements that its answers show, and steps, which
are done one after the other on one connection in a network namespace of their own with nothing but lo.

A step sends one message, or with "together" several in one datagram:

  family      l2tp if absent; or nlctrl, or "none", an id nobody has
  command     name or number
  attributes  [[type, value], ...]: the type is a name or number, perhaps behind NESTED| or NET_BYTEORDER|; the
              value is as its kind says, or {"hex": octets, "length": what the header says if not the truth}
  tail        octets behind the attributes, in hex
  flags       numbers added to NLM_F_REQUEST; 4 (NLM_F_ACK) if absent
  type, request, version, reserved, payload   what is not as usual in the headers, or all behind the first
  until       the step is repeated until this is the errno: the kernel deletes after it has acknowledged

An answer is the list of all messages that came back, in their order. Numbers that a server chooses (of
families and groups, ephemeral ports) are replaced by words.
"""
import ctypes
import fcntl
import json
import os
import pathlib
import pickle
import socket
import struct
import time

from support import netlink
from support.netlink import NLM_F_ACK, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "goldens/netlink/matrix.json"
CLONE_NEWNET = 0x40000000
NOBODY = 65534
NO_FAMILY = 0x7f

libc = ctypes.CDLL(None, use_errno=True)


# --- sending --------------------------------------------------------------------------------------------

def attribute_encode(family, kind, value):
    bits = 0
    *words, name = str(kind).split("|")
    for word in words:
        bits |= {"NESTED": netlink.NLA_F_NESTED, "NET_BYTEORDER": netlink.NLA_F_NET_BYTEORDER}[word]
    rows = family.tables[1]
    number, what = next(((n, w) for n, (text, w) in rows.items() if text == name), (None, None))
    if number is None:
        number = int(name)
    length = None
    if isinstance(value, dict):
        octets, length = bytes.fromhex(value["hex"]), value.get("length")
    else:
        octets = netlink.value_encode(what, value)
    return netlink.attribute(number | bits, octets, length)


def message_encode(connection, send):
    """The octets of one message of a step, and the name of each of its attributes by offset."""
    name = send.get("family", "l2tp")
    family = netlink.Family("none", NO_FAMILY) if name == "none" else connection.family(name)
    flags = (NLM_F_REQUEST if send.get("request", True) else 0) | send.get("flags", NLM_F_ACK)
    blame = {}
    if "payload" in send:
        payload = bytes.fromhex(send["payload"])
    else:
        command = send["command"]
        number = family.tables[0][command] if isinstance(command, str) else command
        payload = struct.pack("=BBH", number, send.get("version", family.version), send.get("reserved", 0))
        for kind, value in send.get("attributes", []):
            blame[16 + len(payload)] = str(kind).rsplit("|", maxsplit=1)[-1]
            payload += attribute_encode(family, kind, value)
        payload += bytes.fromhex(send.get("tail", ""))
    message = netlink.message_encode(send.get("type", family.id), flags, connection.next_sequence(), payload)
    return message, blame


# --- receiving ------------------------------------------------------------------------------------------

def stats_show(pairs):
    """The ten counters on one line, in their order."""
    return " ".join(f"{name}={value}" for name, value in pairs)


def value_show(name, value):
    if name == "STATS":
        return stats_show(value)
    if name == "UDP_SPORT" and isinstance(value, int) and 32768 <= value <= 60999:
        return "ephemeral"
    if name in ("FAMILY_ID", "GRP_ID"):
        return "chosen"
    if isinstance(value, list):
        return [[n, value_show(n, v)] for n, v in value]
    return value


def refusal_show(error, request, blame):
    shown = {"refused": error.name} if error.code else {"acknowledged": True}
    shown["flags"] = f"{error.flags:#x}"
    length = struct.unpack_from("=I", request)[0]
    whole = bool(error.code) and not error.flags & netlink.NLM_F_CAPPED
    if error.quoted != request[:length if whole else 16]:
        shown["quotes"] = error.quoted.hex()
    if error.text:
        shown["words"] = error.text
    if error.offset is not None:
        shown["offset"] = error.offset
        shown["attribute"] = blame.get(error.offset, "none")
    if error.policy is not None:
        shown["policy"] = [list(pair) for pair in error.policy]
    if error.extra:
        shown["extra"] = [[kind, value.hex()] for kind, value in error.extra]
    return shown


def message_show(message, requests):
    if message.type == NLMSG_ERROR:
        return refusal_show(netlink.error_decode(message), *requests[message.sequence])
    if message.type == NLMSG_DONE:
        return {"done": struct.unpack_from("=i", message.payload)[0], "flags": f"{message.flags:#x}"}
    return {"message": message.command_name, "flags": f"{message.flags:#x}", "version": message.version,
            "attributes": [[name, value_show(name, value)] for name, value in message.attributes]}


def step_run(connection, step):
    """The answer to a step."""
    requests = {}
    for send in step.get("together", [step]):
        message, blame = message_encode(connection, send)
        requests[connection.sequence] = (message, blame)
    answer = connection.exchange(b"".join(message for message, _ in requests.values()))
    return [message_show(m, requests) for m in answer.everything]


def outcome(answer):
    return next((m["refused"] for m in answer if "refused" in m), "OK")


def case_run(case, connect):
    """The answers to the steps of a case; to be called in a namespace of its own."""
    with connect() as connection:
        connection.set_options(ext_ack=case.get("ext_ack", True), cap_ack=case.get("cap_ack", False))
        if case.get("subscribe"):
            connection.subscribe()
        connection.family("l2tp")
        answers = []
        for step in case["steps"]:
            deadline = time.monotonic() + netlink.TIMEOUT
            answer = step_run(connection, step)
            while "until" in step and outcome(answer) != step["until"] and time.monotonic() < deadline:
                time.sleep(0.01)
                answer = step_run(connection, step)
            answers.append(answer)
        return answers


# --- a namespace of its own -----------------------------------------------------------------------------

def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS


def namespaced(function, user=None):
    """The result of a function that runs in a process of its own in a new network namespace."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            if libc.unshare(CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "unshare")
            loopback_up()
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            result = (True, function())
        except BaseException as why:  # handed on below
            result = (False, f"{type(why).__name__}: {why}")
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(result, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        octets = pipe.read()
    os.waitpid(child, 0)
    good, value = pickle.loads(octets)
    if not good:
        raise RuntimeError(value)
    return value


def case_run_apart(case, connect):
    return namespaced(lambda: case_run(case, connect), NOBODY if case.get("unprivileged") else None)


# --- the file -------------------------------------------------------------------------------------------

def cases_load():
    return json.loads(GOLDEN.read_text())["cases"]


def cases_write(kernel, cases):
    """One line for a request and one for each message of its answer, so that changes can be reviewed."""
    with GOLDEN.open("w") as f:
        f.write(f'{{"kernel": {json.dumps(kernel)},\n"cases": [\n')
        for at, case in enumerate(cases):
            head = json.dumps({k: v for k, v in case.items() if k != "steps"})
            f.write(f'{head[:-1]}, "steps": [\n')
            for number, step in enumerate(case["steps"]):
                body = json.dumps({k: v for k, v in step.items() if k != "answer"})
                answer = ",\n   ".join(json.dumps(m) for m in step["answer"])
                f.write(f'  {body[:-1]}, "answer": [\n   {answer}]}}')
                f.write(",\n" if number < len(case["steps"]) - 1 else "]}")
            f.write(",\n" if at < len(cases) - 1 else "\n")
        f.write("]}\n")
