"""On which file system a folder lies."""

from pathlib import Path

import pytest

from service.checkup.findings import Level
from service.checkup.place import check, filesystem, is_networked

MOUNTS = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:50 / /data rw,relatime - nfs4 filer:/export rw,vers=4.2
31 30 8:2 / /data/local rw - xfs /dev/sdb1 rw
32 22 0:51 / /my\040disk rw - fuse.sshfs me@host:/ rw
33 22 0:52 / /twice rw - ext4 /dev/sdc1 rw
34 22 0:53 / /twice rw master:7 - cifs //host/share rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/database", "ext4"),
        ("/data", "nfs4"),
        ("/data/caviar", "nfs4"),
        ("/data/local/caviar", "xfs"),
        ("/my disk/caviar", "fuse.sshfs"),
        ("/twice/caviar", "cifs"),
    ],
)
def test_the_longest_mount_point_holds_the_folder(path: str, kind: str) -> None:
    assert filesystem(Path(path), MOUNTS) == kind


def test_a_system_that_tells_no_mounts_tells_no_kind() -> None:
    assert filesystem(Path("/data"), "") is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("nfs", True), ("nfs4", True), ("cifs", True), ("9p", True), ("fuse.sshfs", True), ("fuse.glusterfs", True),
     ("ext4", False), ("xfs", False), ("btrfs", False), ("overlay", False), ("tmpfs", False), ("fuse.ntfs-3g", False)],
)  # fmt: skip
def test_file_systems_of_other_machines_are_known(kind: str, expected: bool) -> None:
    assert is_networked(kind) is expected


def test_a_folder_that_is_yet_to_be_made_is_judged_by_its_parent(tmp_path: Path) -> None:
    found = list(check(tmp_path / "one" / "two" / "caviar.db"))
    assert [(finding.check, finding.level) for finding in found] == [("folder", Level.OK), ("disk", Level.OK)]
    assert str(tmp_path) in found[0].detail


def test_a_large_write_ahead_log_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "caviar.db"
    with (tmp_path / "caviar.db-wal").open("wb") as wal:
        wal.truncate(300_000_000)  # sparse: it takes no room
    found = list(check(file))[-1]
    assert (found.check, found.level) == ("disk", Level.WARNING)
    assert "300.0 MB" in found.detail
