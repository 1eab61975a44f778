"""What concerns only objects in a folder: rights, links, leftovers and a full disk."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import errors
from storage.folder import PART_AGE, FolderStore


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


def test_only_the_owner_may_read(store: FolderStore):
    store.put_bytes("a/b/c", b"1")
    assert (store.root / "a/b/c").stat().st_mode & 0o777 == 0o600
    for folder in (store.root, store.root / "a", store.root / "a/b", store.root / ".parts"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_link_is_no_object(store: FolderStore, tmp_path: Path):
    (tmp_path / "secret").write_bytes(b"secret")
    (store.root / "a").symlink_to(tmp_path / "secret")
    assert not store.exists("a")
    assert list(store.keys()) == []
    with pytest.raises(errors.ObjectMissing):
        store.get_bytes("a")
    store.put_bytes("a", b"mine")
    assert store.get_bytes("a") == b"mine"
    assert (tmp_path / "secret").read_bytes() == b"secret"


def test_a_linked_folder_leads_nowhere(store: FolderStore, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b").write_bytes(b"secret")
    (store.root / "a").symlink_to(tmp_path / "elsewhere")
    assert not store.exists("a/b")
    assert list(store.keys()) == []
    store.delete("a/b")
    with pytest.raises(errors.BadKey):
        store.put_bytes("a/b", b"mine")
    assert (tmp_path / "elsewhere/b").read_bytes() == b"secret"


def test_the_root_itself_may_be_a_link(tmp_path: Path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "objects").symlink_to(tmp_path / "disk")
    FolderStore(tmp_path / "objects").put_bytes("a", b"1")
    assert (tmp_path / "disk/a").read_bytes() == b"1"


def test_a_folder_of_objects_is_no_key(store: FolderStore):
    store.put_bytes("a/b", b"1")
    for key in ("a", "a/b/c"):
        with pytest.raises(errors.BadKey):
            store.put_bytes(key, b"2")
    assert list(store.keys()) == ["a/b"]


def test_what_is_not_ours_is_not_listed(store: FolderStore):
    store.put_bytes("a", b"1")
    (store.root / "lost+found").mkdir()
    (store.root / "Thumbs.db").touch()
    os.mkfifo(store.root / "pipe")
    assert list(store.keys()) == ["a"]
    assert not store.exists("pipe")


def test_a_store_that_is_gone_is_not_an_empty_store(store: FolderStore):
    store.put_bytes("a", b"1")
    store.root.rename(store.root.with_name("unmounted"))
    with pytest.raises(errors.StoreUnavailable):
        store.exists("a")
    with pytest.raises(errors.StoreUnavailable):
        list(store.keys())
    with pytest.raises(errors.StoreUnavailable):
        store.put_bytes("b", b"1")


def test_old_leftovers_are_removed_and_living_writers_are_not_disturbed(store: FolderStore):
    store.put_bytes("a", b"1")
    parts = store.root / ".parts"
    long_ago = time.time() - PART_AGE - 1
    for name in ("young.part", "dead.part", "alive.part"):
        (parts / name).write_bytes(b"half")
    for name in ("dead.part", "alive.part"):
        os.utime(parts / name, (long_ago, long_ago))
    with (parts / "alive.part").open("rb") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        store.put_bytes("b", b"2")
    assert sorted(path.name for path in parts.iterdir()) == ["alive.part", "young.part"]
    assert list(store.keys()) == ["a", "b"]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root, where mounting is allowed, can try a full disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_said_to_be_full_and_takes_nothing_away(tiny_disk: Path, tmp_path: Path):
    store = FolderStore(tiny_disk / "objects")
    store.put_bytes("small", b"kept")
    large = tmp_path / "large"
    large.write_bytes(bytes(3 << 20))
    with pytest.raises(errors.DiskFull):
        store.put("large", large)
    with pytest.raises(errors.DiskFull):
        store.put("small", large)
    assert list(store.keys()) == ["small"]
    assert store.get_bytes("small") == b"kept"
    assert list((store.root / ".parts").iterdir()) == []
    FolderStore(tmp_path / "roomy").put("large", large)
    with pytest.raises(errors.DiskFull):
        FolderStore(tmp_path / "roomy").fetch("large", tiny_disk / "copy")
    assert [path.name for path in tiny_disk.iterdir()] == ["objects"]
