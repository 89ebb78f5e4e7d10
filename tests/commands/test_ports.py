import os
import socket

import pytest

from caviar.commands.ports import require_free
from caviar.errors import PortOccupied, UsageError


def test_an_occupied_port_is_refused_with_the_process_that_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortOccupied) as caught:
            require_free("127.0.0.1", port)

    assert f"port {port} of 127.0.0.1 is in use by process {os.getpid()} (" in caught.value.detail
    assert f"--port {port + 1}" in caught.value.detail


def test_a_free_port_and_port_0_are_accepted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    require_free("127.0.0.1", port)
    require_free("127.0.0.1", 0)


def test_a_host_that_does_not_exist_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no address to listen on"):
        require_free("no.such.host.invalid", 8000)
