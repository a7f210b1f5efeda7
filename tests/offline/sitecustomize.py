"""Refuse every connection that leaves the machine.

Python imports this by itself where PYTHONPATH names its folder. Tests do that for the programs they
start, so kernels and their children obey too.
"""

import ipaddress
import socket

REFUSAL = "the network is refused in this test"


def _is_local(address: object) -> bool:
    """Say whether a socket address stays on this machine; a Unix socket's address is its path."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0]).partition("%")[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "")


class _LocalSocket(socket.socket):
    """A socket that connects, and sends, to this machine only."""

    def connect(self, address: object) -> None:
        if not _is_local(address):
            raise ConnectionRefusedError(f"{REFUSAL}: {address}")
        super().connect(address)

    def connect_ex(self, address: object) -> int:
        if not _is_local(address):
            raise ConnectionRefusedError(f"{REFUSAL}: {address}")
        return super().connect_ex(address)

    def sendto(self, data: bytes, *rest: object) -> int:
        if not _is_local(rest[-1]):
            raise ConnectionRefusedError(f"{REFUSAL}: {rest[-1]}")
        return super().sendto(data, *rest)


def _resolve(host: object, *rest: object, _real: object = socket.getaddrinfo, **more: object) -> object:
    """Look up names of this machine only: a look-up is traffic as well."""
    name = host.decode() if isinstance(host, bytes) else host
    if name is not None and not _is_local((name,)):
        raise socket.gaierror(f"{REFUSAL}: {name}")
    return _real(host, *rest, **more)


socket.socket = _LocalSocket
socket.getaddrinfo = _resolve
