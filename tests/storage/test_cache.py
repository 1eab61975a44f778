"""Objects as local files: the folder's own, or copies that several processes share."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import time
from pathlib import Path

import pytest

import errors
from storage.cache import GRACE, LocalCache
from storage.folder import FolderStore
from storage.objects import S3Options, StoredObject, original_key
from storage.s3 import S3Store

processes = multiprocessing.get_context("fork")


@pytest.fixture
def store(s3_options: S3Options) -> S3Store:
    return S3Store(s3_options)


@pytest.fixture
def cache(store: S3Store, tmp_path: Path) -> LocalCache:
    return LocalCache(store, tmp_path / "cache", limit=250)


def put(store: S3Store | FolderStore, data: bytes) -> StoredObject:
    return store.put_bytes(original_key(hashlib.sha256(data).hexdigest()), data)


def copies(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def unused_for(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_folder_hands_out_its_own_file(tmp_path: Path):
    store = FolderStore(tmp_path / "objects")
    stored = put(store, b"page")
    path = LocalCache(store, tmp_path / "cache", limit=250).path(stored.key, stored.sha256)
    assert path == tmp_path / "objects" / stored.key
    assert not (tmp_path / "cache").exists()


def test_a_copy_is_made_once(store: S3Store, cache: LocalCache):
    stored = put(store, b"page")
    path = cache.path(stored.key, stored.sha256)
    assert path.read_bytes() == b"page"
    assert path.stat().st_mode & 0o777 == 0o600
    store.delete(stored.key)
    assert cache.path(stored.key, stored.sha256) == path


def test_a_damaged_object_is_not_handed_out(store: S3Store, cache: LocalCache, tmp_path: Path):
    stored = put(store, b"page")
    store.put_bytes(stored.key, b"pagf")
    with pytest.raises(errors.ObjectDamaged):
        cache.path(stored.key, stored.sha256)
    assert copies(tmp_path / "cache") == []


def test_a_missing_object_is_missing(cache: LocalCache, tmp_path: Path):
    with pytest.raises(errors.ObjectMissing):
        cache.path("originals/nothing", "0" * 64)
    assert copies(tmp_path / "cache") == []


def test_the_copies_unused_for_longest_make_room(store: S3Store, cache: LocalCache, tmp_path: Path):
    first, second, third = (put(store, letter * 100) for letter in (b"a", b"b", b"c"))
    paths = [cache.path(stored.key, stored.sha256) for stored in (first, second)]
    unused_for(paths[0], GRACE + 10)
    unused_for(paths[1], GRACE + 20)
    with paths[1].open("rb") as still_open:
        third_path = cache.path(third.key, third.sha256)
        assert copies(tmp_path / "cache") == sorted([paths[0].name, third_path.name])
        assert still_open.read() == b"b" * 100


def test_a_copy_used_just_now_stays_even_if_room_is_short(store: S3Store, cache: LocalCache):
    first, second, third = (put(store, letter * 200) for letter in (b"a", b"b", b"c"))
    old = cache.path(first.key, first.sha256)
    unused_for(old, GRACE + 10)
    assert cache.path(first.key, first.sha256) == old
    others = [cache.path(stored.key, stored.sha256) for stored in (second, third)]
    assert all(path.exists() for path in (old, *others))


def test_what_killed_downloads_left_is_removed(store: S3Store, cache: LocalCache, tmp_path: Path):
    (tmp_path / "cache").mkdir()
    old, young = tmp_path / "cache/.a.part", tmp_path / "cache/.b.part"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    unused_for(old, GRACE + 10)
    stored = put(store, b"page")
    cache.path(stored.key, stored.sha256)
    assert not old.exists()
    assert young.exists()


def test_many_processes_share_one_copy(store: S3Store, cache: LocalCache, tmp_path: Path):
    stored = put(store, os.urandom(2_000_000))

    def use() -> None:
        data = cache.path(stored.key, stored.sha256).read_bytes()
        assert hashlib.sha256(data).hexdigest() == stored.sha256

    users = [processes.Process(target=use) for _ in range(5)]
    for user in users:
        user.start()
    for user in users:
        user.join(60)
    assert [user.exitcode for user in users] == [0] * 5
    assert copies(tmp_path / "cache") == [stored.sha256]
