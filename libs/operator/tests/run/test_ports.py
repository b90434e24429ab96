"""A reserved port is ours, whether or not the process behind it lives."""

import socket
from contextlib import closing

import pytest
from quill_operator.run.ports import Ports, PortTakenError


def test_a_child_may_listen_on_a_reserved_port_again_and_again() -> None:
    with closing(Ports()) as ports:
        port = ports.reserve()
        for _ in range(2):
            with socket.create_server(("127.0.0.1", port)):
                pass


def test_nobody_who_asks_for_any_port_gets_a_reserved_one() -> None:
    with closing(Ports()) as ports:
        reserved = {ports.reserve() for _ in range(50)}
        assert len(reserved) == 50
        given = set()
        for _ in range(500):
            with closing(socket.socket()) as other:
                other.bind(("127.0.0.1", 0))
                given.add(other.getsockname()[1])
        assert given.isdisjoint(reserved)


def test_a_port_that_somebody_listens_on_is_refused_by_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, closing(Ports()) as ports:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"Port {port} is taken"):
            ports.reserve(port)


def test_a_port_is_free_again_after_the_end() -> None:
    with closing(Ports()) as ports:
        port = ports.reserve()
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", port))
