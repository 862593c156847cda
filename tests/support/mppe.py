# SPDX-License-Identifier: BSD-2-Clause
"""A direction of MPPE in the words of RFC 3078 and RFC 3079, written apart from src/ppp/mppe.c to be compared with it.

`python3 tests/support/mppe.py > tests/vectors/mppe.txt` makes the vectors; tests/structure sees that they are what
this makes. What it sends was also read by Linux 6.12, and what that sends is what it sends.
"""
import hashlib

STATELESS, FLUSHED, ENCRYPTED = 0x01, 0x8000, 0x1000


class RC4:
    def __init__(self, key):
        self.s, self.i, self.j = list(range(256)), 0, 0
        j = 0
        for i in range(256):
            j = (j + self.s[i] + key[i % len(key)]) % 256
            self.s[i], self.s[j] = self.s[j], self.s[i]

    def crypt(self, data):
        out = bytearray()
        for octet in data:
            self.i = (self.i + 1) % 256
            self.j = (self.j + self.s[self.i]) % 256
            self.s[self.i], self.s[self.j] = self.s[self.j], self.s[self.i]
            out.append(octet ^ self.s[(self.s[self.i] + self.s[self.j]) % 256])
        return bytes(out)


class Sender:
    """Of {18, 6, four octets of bits}; the key is the start key of RFC 3079."""

    def __init__(self, option, key):
        self.len = 16 if option[5] & 0x40 else 8
        self.stateless = bool(option[2] & STATELESS)
        self.start = key[:self.len]
        self.count, self.flush = -1, False
        self.use(self.hashed(self.start))

    def hashed(self, session):
        return hashlib.sha1(self.start + bytes(40) + session + b"\xf2" * 40).digest()[:self.len]

    def use(self, key):
        self.key = (b"\xd1\x26\x9e" + key[3:]) if self.len == 8 else key
        self.rc4 = RC4(self.key)

    def rekey(self):
        interim = self.hashed(self.key)
        self.use(RC4(interim).crypt(interim))

    def reset(self):
        self.flush = True

    def again(self):
        """Started once more: from the last key."""
        self.count, self.flush = -1, False
        self.use(self.hashed(self.key))

    def send(self, protocol, info):
        """The information of the frame 00fd."""
        self.count = (self.count + 1) % 4096
        header = self.count | ENCRYPTED
        if self.stateless or self.flush or self.count % 256 == 255:
            self.rekey()
            header |= FLUSHED
            self.flush = False
        return header.to_bytes(2, "big") + self.rc4.crypt(protocol.to_bytes(2, "big") + info)


PROLOGUE = """\
# MPPE (RFC 3078, RFC 3079; PPP-63), as tests/support/mppe.py sends it, which is written apart from src/ppp/mppe.c.
#
# A line is a verb and KEY=VALUE, octets in hexadecimal:
#   begin  both directions start with this option and key
#   pass   this protocol and information make this frame, which gives them back
#   lost   so many frames were sent, each with this information, and none of them came
#   fail   the frame is as above, but the receiver has lost its way
#   reset  the sender was asked for a new key
#   again  both directions start once more with this option, without a key
"""


def story(name, option, key):
    sender = Sender(option, key)
    lines = ["", f"begin name={name} option={option.hex()} key={key.hex()}"]

    def frame(verb, protocol, info):
        lines.append(f"{verb} protocol={protocol:04x} info={info.hex()} frame={sender.send(protocol, info).hex()}")

    def lose(count):
        for _ in range(count):
            sender.send(0x0021, b"lost")
        lines.append(f"lost count={count} protocol=0021 info={b'lost'.hex()}")

    def after_loss(count):
        """A receiver that keeps no state is not disturbed."""
        lose(count)
        if not sender.stateless:
            frame("fail", 0x0021, b"not readable")
            frame("fail", 0x0021, b"nor this")
            sender.reset()
            lines.append("reset")
        frame("pass", 0x0021, b"readable")
        frame("pass", 0x0057, b"and this")

    frame("pass", 0x0021, b"E" + bytes(range(40)))
    frame("pass", 0x0057, b"`")
    frame("pass", 0x00fa, bytes(255))
    frame("pass", 0x0021, b"")
    after_loss(1)
    for _ in range(3 if sender.stateless else 260):  # over the frame whose count ends with ff
        frame("pass", 0x0021, b"next")
    after_loss(1000)
    after_loss(2040)
    after_loss(4085 - sender.count)
    for _ in range(20):  # the count begins again
        frame("pass", 0x0021, b"around")

    def again():
        sender.again()
        lines.append(f"again option={option.hex()}")
        for _ in range(3):
            frame("pass", 0x0021, b"again")
    again()
    after_loss(300)
    if not sender.stateless:
        lose(1)
        frame("fail", 0x0021, b"not readable")
    again()
    return lines


def vectors():
    key = bytes.fromhex("8b7cdc149b993a1ba118cb153f56dccb")  # RFC 3079 §3.5.3
    lines = [PROLOGUE.rstrip("\n")]
    for bits, length in ((0x20, "40"), (0x40, "128")):
        for first, state in ((0, "stateful"), (STATELESS, "stateless")):
            lines += story(f"{state}-{length}", bytes((18, 6, first, 0, 0, bits)), key)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(vectors(), end="")
