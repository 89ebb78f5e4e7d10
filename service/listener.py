"""The socket of the server, which listens before the server is loaded: who comes early waits in its queue."""

import socket

from caviar.errors import PortOccupied

BACKLOG = 2048


def bind(host: str, port: int) -> socket.socket:
    """Taken before anything else is touched, so that an occupied port costs nothing. Raises PortOccupied."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise _occupied(host, port, error) from error
    listener.set_inheritable(True)
    return listener


def listen(listener: socket.socket) -> None:
    """Raises PortOccupied: one who has bound the same port may have come first."""
    host, port = listener.getsockname()[:2]
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _occupied(host, port, error) from error


def _occupied(host: str, port: int, error: OSError) -> PortOccupied:
    return PortOccupied(f"{host}:{port} cannot be listened on ({error.strerror}); choose another with --port")


def url_of(host: str, port: int) -> str:
    """Where this machine reaches the server; one that listens everywhere is reached at the loopback too."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
