"""What concerns only objects in a folder: rights, links, leftovers and a full disk."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import errors
from storage.folder import PART_AGE, FolderStore
from tests.disks import small_disk


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


def test_old_leftovers_are_removed_and_young_ones_are_not(store: FolderStore):
    store.put_bytes("a", b"1")
    parts = store.root / ".parts"
    for name in ("young.part", "dead.part"):
        (parts / name).write_bytes(b"half")
    grow_old(parts / "dead.part")
    store.put_bytes("b", b"2")
    assert [path.name for path in parts.iterdir()] == ["young.part"]
    assert list(store.keys()) == ["a", "b"]


def test_a_slow_writer_is_not_taken_for_a_dead_one(store: FolderStore, tmp_path: Path):
    source = tmp_path / "sparse"
    with source.open("wb") as file:
        file.truncate(100 << 20)
    writer = multiprocessing.get_context("fork").Process(target=store.put, args=("a", source))
    writer.start()
    part = its_part(store)
    os.kill(writer.pid, signal.SIGSTOP)
    try:
        assert part.exists(), "the writer has finished before it could be stopped"
        grow_old(part)
        store.put_bytes("b", b"2")
        assert part.exists()
    finally:
        os.kill(writer.pid, signal.SIGCONT)
        writer.join(60)
    assert writer.exitcode == 0
    assert store.digest("a").size == 100 << 20


def grow_old(path: Path) -> None:
    then = time.time() - PART_AGE - 1
    os.utime(path, (then, then))


def its_part(store: FolderStore) -> Path:
    """The unfinished file, once its writer has made and locked it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for part in (store.root / ".parts").glob("*"):
            with part.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return part
        time.sleep(0.01)
    raise AssertionError("nobody has begun to write, or without a lock")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 1) as disk:
        yield disk


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path):
    (tmp_path / "objects").write_bytes(b"x")
    for root in (tmp_path / "objects", tmp_path / "objects" / "below"):
        with pytest.raises(errors.PlaceUnusable) as caught:
            FolderStore(root)
        assert caught.value.params["path"] == str(root)
        assert caught.value.params["detail"] == "a folder is expected, and there is a file"


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
