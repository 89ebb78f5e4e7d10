"""Where a SQLite file lies: on which kind of disk, and how full that is."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from service.checkup.findings import Finding, ok, problem, warning

NETWORKED = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"}
)
"""File systems that pass on another machine's; of those in user space, `fuse.NAME`, see below."""
_NETWORKED_FUSE = ("ceph", "glusterfs", "s3fs", "sshfs", "gcsfuse", "rclone", "juicefs")
_MOUNTS = Path("/proc/self/mountinfo")
GIGABYTE = 1e9
LITTLE, TOO_LITTLE = 1 * GIGABYTE, 0.1 * GIGABYTE
LARGE_WAL = 0.25 * GIGABYTE


def check(file: Path) -> Iterator[Finding]:
    """`file` need not exist, nor its folder."""
    folder = next(parent for parent in file.parents if parent.exists())
    yield _folder(folder)
    yield _space(folder)
    yield from _wal(file)


def _folder(folder: Path) -> Finding:
    kind = filesystem(folder, _MOUNTS.read_text()) if _MOUNTS.exists() else None
    if kind is None:
        return ok("folder", f"{folder} exists; this system does not tell what file system it is on")
    if is_networked(kind):
        return problem(
            "folder",
            f"{folder} is on a network file system ({kind}), where SQLite's locks do not hold and a file may break",
            "choose a folder on a local disk with CAVIAR_DATA_DIR, or use Postgres",
        )
    return ok("folder", f"{folder} is on a local file system ({kind})")


def filesystem(path: Path, mounts: str) -> str | None:
    """The kind of the file system that holds the path, by the text of /proc/self/mountinfo.

    Of file systems mounted over one another it is the last.
    """
    found, longest = None, -1
    for line in mounts.splitlines():
        about, _, rest = line.partition(" - ")
        point = Path(about.split()[4].encode().decode("unicode_escape"))
        if path.resolve().is_relative_to(point) and len(point.parts) >= longest:
            found, longest = rest.split()[0], len(point.parts)
    return found


def is_networked(kind: str) -> bool:
    return kind in NETWORKED or (kind.startswith("fuse.") and kind.removeprefix("fuse.").startswith(_NETWORKED_FUSE))


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{free / GIGABYTE:.1f} GB are free beside the database"
    if free < TOO_LITTLE:
        return problem(
            "disk", said, "make room now: a full disk stops every search; nothing acknowledged is lost by it"
        )
    if free < LITTLE:
        return warning("disk", said, "make room, or keep reports for fewer days: CAVIAR_REPORT_RETENTION_DAYS")
    return ok("disk", said)


def _wal(file: Path) -> Iterator[Finding]:
    wal = file.with_name(file.name + "-wal")
    if not wal.exists():
        return
    size = wal.stat().st_size
    said = f"the write-ahead log beside the database takes {size / 1e6:.1f} MB"
    if size > LARGE_WAL:
        advice = "something reads the database for long, such as a backup; if nothing does, restart the server"
        yield warning("disk", said, advice)
    else:
        yield ok("disk", said)
