"""What a folder lies on, told from a mount table."""

from pathlib import Path

import pytest

from service.storage.mounts import network_file_system

MOUNTS = r"""
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
23 22 0:30 / /home rw,relatime shared:7 master:1 - nfs4 server:/home rw,vers=4.2
24 23 8:2 / /home/ada/local rw - xfs /dev/sdb1 rw
25 22 0:31 / /mnt/two\040words rw - cifs //server/share rw
26 22 0:32 / /mnt/over rw - fuse.sshfs ada@server: rw
27 26 0:33 / /mnt/over rw - tmpfs tmpfs rw
28 22 0:34 / /mnt/windows rw shared:9 - 9p drvfs rw,trans=fd
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "mountinfo"
    file.write_text(MOUNTS.lstrip())
    return file


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/caviar", None),
        ("/home/ada", "nfs4"),
        ("/home", "nfs4"),
        ("/homestead", None),
        ("/home/ada/local/caviar", None),
        ("/home/ada/locals", "nfs4"),
        ("/mnt/two words/caviar", "cifs"),
        ("/mnt/over/caviar", None),
        ("/mnt/windows/c", "9p"),
    ],
)
def test_the_innermost_and_topmost_mount_decides(table: Path, folder: str, kind: str | None) -> None:
    assert network_file_system(Path(folder), table=table) == kind


def test_a_link_is_followed(table: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/home/ada")
    assert network_file_system(tmp_path / "link", table=table) == "nfs4"


def test_where_there_is_no_table_nothing_is_refused(tmp_path: Path) -> None:
    assert network_file_system(Path("/home/ada"), table=tmp_path / "none") is None


def test_the_table_of_this_machine_can_be_read(tmp_path: Path) -> None:
    assert network_file_system(Path("/proc")) is None
