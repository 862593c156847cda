# SPDX-License-Identifier: BSD-2-Clause
"""transfer.py - octets by TCP from one namespace into another"""
import hashlib
import socket
import threading

from support.wait import AT_MOST, SLOW


def transfer(source, destination, address, octets):
    """By TCP; the receiver's digest."""
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = destination.socket(kind, socket.SOCK_STREAM)
    sender = source.socket(kind, socket.SOCK_STREAM)
    digest, count = hashlib.sha256(), 0

    def send():
        sender.sendall(octets)
        sender.shutdown(socket.SHUT_WR)
    with listener, sender:
        listener.bind((address, 0))
        listener.listen()
        listener.settimeout(30 * SLOW)
        sender.settimeout(30 * SLOW)
        sender.connect(listener.getsockname())
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(30 * SLOW)
            thread = threading.Thread(target=send, daemon=True)
            thread.start()
            while chunk := connection.recv(1 << 20):
                digest.update(chunk)
                count += len(chunk)
            thread.join(AT_MOST)
    assert count == len(octets)
    return digest.hexdigest()
