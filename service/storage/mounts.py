"""What a folder lies on. On a network file system SQLite loses data: its locks and its shared memory fail there."""

import re
from pathlib import Path

TABLE = Path("/proc/self/mountinfo")
NETWORK = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2",
        "smb2", "smb3", "smbfs", "fuse.ceph", "fuse.davfs2", "fuse.gcsfuse", "fuse.glusterfs", "fuse.rclone",
        "fuse.s3fs", "fuse.sshfs",
    }
)  # fmt: skip


def network_file_system(folder: Path, *, table: Path = TABLE) -> str | None:
    """The type of the network file system that a folder lies on; None on a local one, or where nobody knows."""
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None  # not Linux
    place, found = folder.resolve(), (-1, "")
    for mounted, kind in map(_mount, lines):
        # Of two mounts at one place the later one is on top.
        if place.is_relative_to(mounted) and len(mounted.parts) >= found[0]:
            found = (len(mounted.parts), kind)
    return found[1] if found[1] in NETWORK else None


def _mount(line: str) -> tuple[Path, str]:
    """Where it is mounted, and its type, which stands after a lone dash: the fields between vary in number."""
    fields = line.split()
    mounted = re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), fields[4])
    return Path(mounted), fields[fields.index("-", 6) + 1]
