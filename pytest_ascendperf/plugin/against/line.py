"""The line between two processes of a run: one JSON object per message, over an inherited socket."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

_POLL_S = 0.5


class LineBroken(Exception):
    """The other end is gone, or says nothing for too long."""

    def __init__(self, *, silent_s: float | None = None) -> None:
        self.silent_s = silent_s
        """How long nothing was said; None where the other end is gone."""
        super().__init__()


class Line:
    """One end. Reports hold whatever tests attach to them, so what JSON cannot hold is sent as its text."""

    def __init__(self, descriptor: int) -> None:
        self._connection = Connection(descriptor)

    def send(self, **message: object) -> None:
        """Send a message. Raises LineBroken where nobody can take it."""
        try:
            self._connection.send_bytes(json.dumps(message, default=repr).encode("utf-8", "surrogatepass"))
        except OSError:
            raise LineBroken from None

    def receive(self, *, within_s: float | None = None) -> Mapping[str, Any]:
        """Wait for a message, for ``within_s`` seconds at most. Raises LineBroken."""
        deadline = None if within_s is None else time.monotonic() + within_s
        try:
            while not self._connection.poll(_POLL_S):
                if deadline is not None and time.monotonic() > deadline:
                    raise LineBroken(silent_s=within_s)
            message: Mapping[str, Any] = json.loads(self._connection.recv_bytes().decode("utf-8", "surrogatepass"))
        except (EOFError, OSError):
            raise LineBroken from None
        return message

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def new_line() -> tuple[Line, int]:
    """This process's end, and the descriptor of the other one, to be inherited and then closed here."""
    own, other = socket.socketpair()
    return Line(own.detach()), other.detach()
