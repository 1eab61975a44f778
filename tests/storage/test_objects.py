"""What every object store promises, tried on a folder and on a real S3 server."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import time
import tracemalloc
from pathlib import Path

import pytest

import errors
from storage.folder import FolderStore
from storage.objects import ObjectStore, StoredObject, original_key, sha256_of

MEGABYTE = 1 << 20
#: Workers are forked, so tests fork too; what a parent has connected must not confuse its children.
processes = multiprocessing.get_context("fork")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "scan.pdf"
    path.write_bytes(b"%PDF-1.7 a page")
    return path


def test_a_file_comes_back_as_it_was_put(store: ObjectStore, source: Path, tmp_path: Path):
    stored = store.put("originals/ab/scan", source)
    assert stored == StoredObject("originals/ab/scan", 15, sha256(source.read_bytes()))
    assert store.digest("originals/ab/scan") == stored
    assert store.get_bytes("originals/ab/scan") == source.read_bytes()
    target = store.fetch("originals/ab/scan", tmp_path / "copy.pdf", stored.sha256)
    assert target == tmp_path / "copy.pdf"
    assert target.read_bytes() == source.read_bytes()


def test_bytes_come_back_as_they_were_put(store: ObjectStore):
    assert store.put_bytes("words/1", b"[]") == StoredObject("words/1", 2, sha256(b"[]"))
    assert store.get_bytes("words/1") == b"[]"


def test_an_empty_object_is_an_object(store: ObjectStore, tmp_path: Path):
    (tmp_path / "empty").touch()
    assert store.put("a/empty", tmp_path / "empty").size == 0
    assert store.exists("a/empty")
    assert store.get_bytes("a/empty") == b""
    assert store.fetch("a/empty", tmp_path / "copy", sha256(b"")).read_bytes() == b""


def test_what_is_not_there_is_missing(store: ObjectStore, tmp_path: Path):
    store.put_bytes("a/b", b"1")
    for key in ("nothing", "a", "a/c", "a/b/c"):
        assert not store.exists(key)
        with pytest.raises(errors.ObjectMissing):
            store.get_bytes(key)
        with pytest.raises(errors.ObjectMissing):
            store.digest(key)
        with pytest.raises(errors.ObjectMissing):
            store.fetch(key, tmp_path / "copy")
    assert not list(tmp_path.glob("*copy*"))


def test_a_source_that_is_not_there_is_said_so(store: ObjectStore, tmp_path: Path):
    with pytest.raises(errors.NothingToDo):
        store.put("a/b", tmp_path / "nothing")
    assert not store.exists("a/b")


def test_deleting_twice_is_deleting_once(store: ObjectStore):
    store.put_bytes("a/b", b"1")
    store.delete("a/b")
    store.delete("a/b")
    store.delete("never/was")
    assert not store.exists("a/b")


def test_other_bytes_replace_the_old_ones(store: ObjectStore):
    store.put_bytes("a", b"old")
    assert store.put_bytes("a", b"new").sha256 == sha256(b"new")
    assert store.get_bytes("a") == b"new"


def test_the_same_bytes_are_not_written_again(backstage, source: Path):
    first = backstage.store.put("a", source)
    before = backstage.last_written("a")
    time.sleep(1.1)  # S3 tells the time of writing in seconds
    assert backstage.store.put("a", source) == first
    assert backstage.store.put_bytes("a", source.read_bytes()) == first
    assert backstage.last_written("a") == before


def test_keys_are_sorted_whatever_the_server_thinks_of_folders(store: ObjectStore):
    names = ["a-b", "a.c", "a/b", "a/c", "a/d/e", "a0", "a_b", "b"]
    for name in reversed(names):
        store.put_bytes(name, b"1")
    assert list(store.keys()) == sorted(names)
    assert list(store.keys("a/")) == ["a/b", "a/c", "a/d/e"]
    assert list(store.keys("a")) == sorted(names)[:-1]
    assert list(store.keys("a/d/e")) == ["a/d/e"]
    assert list(store.keys("nothing/here")) == []


def test_keys_come_before_all_are_known(store: ObjectStore):
    for number in range(5):
        store.put_bytes(f"{number}/x", b"1")
    keys = store.keys()
    assert next(keys) == "0/x"
    store.delete("4/x")
    assert list(keys) == ["1/x", "2/x", "3/x"]


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../a", "a/../b", "a//b", "a/", ".parts/a", "A", "ü", "a b"]
)
def test_no_store_takes_a_key_that_could_lead_elsewhere(store: ObjectStore, source: Path, key: str):
    for action in (
        lambda: store.put(key, source),
        lambda: store.put_bytes(key, b""),
        lambda: store.get_bytes(key),
        lambda: store.fetch(key, source),
        lambda: store.exists(key),
        lambda: store.digest(key),
        lambda: store.delete(key),
        lambda: store.local_path(key),
    ):
        with pytest.raises(errors.BadKey):
            action()
    with pytest.raises(errors.BadKey):
        store.keys("../")


def test_a_byte_that_flips_at_rest_is_found(backstage, source: Path, tmp_path: Path):
    store = backstage.store
    stored = store.put("a/b", source)
    harmed = bytearray(source.read_bytes())
    harmed[7] ^= 1
    backstage.overwrite("a/b", bytes(harmed))
    assert store.digest("a/b").sha256 != stored.sha256
    target = tmp_path / "copy"
    target.write_bytes(b"what was here before")
    with pytest.raises(errors.ObjectDamaged):
        store.fetch("a/b", target, stored.sha256)
    assert target.read_bytes() == b"what was here before"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "objects") == ["copy", "scan.pdf"]


def test_putting_again_mends_a_damaged_object(backstage, source: Path):
    stored = backstage.store.put("a/b", source)
    backstage.overwrite("a/b", b"x" * stored.size)
    assert backstage.store.put("a/b", source) == stored
    assert backstage.store.digest("a/b") == stored


def test_a_source_that_changes_while_it_is_read_is_not_stored_in_silence(store: ObjectStore):
    never_twice_the_same = Path("/proc/sys/kernel/random/uuid")
    with pytest.raises(errors.ObjectDamaged):
        store.put("a/b", never_twice_the_same)


def test_a_large_object_passes_through_little_memory(store: ObjectStore, tmp_path: Path):
    source = tmp_path / "large"
    with source.open("wb") as file:
        for _ in range(30):
            file.write(os.urandom(MEGABYTE))
    digest, size = sha256_of(source)
    tracemalloc.start()
    try:
        stored = store.put(original_key(digest), source)
        store.fetch(stored.key, tmp_path / "copy", digest)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stored == StoredObject(original_key(digest), size, digest)
    assert sha256_of(tmp_path / "copy") == (digest, 30 * MEGABYTE)
    assert peak < 24 * MEGABYTE


def test_many_may_put_the_same_object_at_once(store: ObjectStore, tmp_path: Path):
    source = tmp_path / "source"
    source.write_bytes(os.urandom(3 * MEGABYTE))
    store.exists("warm/up")  # connected before the fork
    writers = [processes.Process(target=store.put, args=("a/b", source)) for _ in range(5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 5
    assert store.digest("a/b").sha256 == sha256_of(source)[0]
    assert list(store.keys()) == ["a/b"]


def test_a_killed_writer_leaves_no_object(backstage, tmp_path: Path):
    source = tmp_path / "sparse"
    with source.open("wb") as file:
        file.truncate(300 * MEGABYTE)
    store = backstage.store
    writer = processes.Process(target=store.put, args=("a/b", source))
    writer.start()
    deadline = time.monotonic() + 60
    while not backstage.unfinished():
        assert writer.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    writer.kill()
    writer.join()
    assert backstage.unfinished()
    assert not store.exists("a/b")
    assert list(store.keys()) == []
    assert store.put_bytes("a/b", b"complete").size == 8
    assert store.get_bytes("a/b") == b"complete"


def test_a_fetch_that_cannot_be_written_says_so(store: ObjectStore, tmp_path: Path):
    store.put_bytes("a", b"1")
    with pytest.raises(errors.StoreUnavailable):
        store.fetch("a", tmp_path / "no" / "folder" / "a")


def test_only_a_folder_has_local_paths(store: ObjectStore):
    store.put_bytes("a/b", b"1")
    path = store.local_path("a/b")
    if isinstance(store, FolderStore):
        assert path is not None
        assert path.read_bytes() == b"1"
    else:
        assert path is None
    assert store.local_path("a/c") is None
