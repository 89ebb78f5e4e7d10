"""Whether a port is free, and who has it if not."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

from caviar.errors import PortOccupied, UsageError

_LISTENING = "0A"


def require_free(host: str, port: int) -> None:
    """Raises PortOccupied, which names the process where the system tells, and UsageError for a host that is none."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        address = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)[0][4]
    except OSError as error:
        raise UsageError(f"{host} is no address to listen on: {error.strerror}") from error
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections of a server that has just ended do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError as error:
            raise UsageError(f"port {port} needs more rights than this user has; choose one from 1024 up") from error
        except OSError as error:
            raise PortOccupied(_occupied(host, port)) from error


def _occupied(host: str, port: int) -> str:
    by = next(_listeners(port), "another process")
    return f"port {port} of {host} is in use by {by}; choose another with --port {port + 1 if port < 65535 else 8000}"


def _listeners(port: int) -> Iterator[str]:
    """`process 4711 (caviar serve)` for each that listens on the port; none where there is no /proc."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in Path("/proc").glob("[0-9]*") if sockets else ():
        # What belongs to another user, or has ended meanwhile, cannot be read.
        with contextlib.suppress(OSError):
            if any(_target(link) in sockets for link in (process / "fd").iterdir()):
                words = (process / "cmdline").read_text(errors="replace").split("\0")
                yield f"process {process.name} ({' '.join(words).strip()[:60]})"


def _target(link: Path) -> str | None:
    with contextlib.suppress(OSError):
        return str(link.readlink())
    return None


def _listening_inodes(port: int) -> Iterator[str]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        rows = table.read_text().splitlines()[1:] if table.exists() else []
        for fields in (row.split() for row in rows):
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]
