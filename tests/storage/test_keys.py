"""How objects are named, and which store an address means."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import errors
from storage.folder import FolderStore
from storage.objects import (
    LONGEST_KEY,
    S3Options,
    check_key,
    check_prefix,
    is_key,
    original_key,
    product_key,
    sha256_of,
    words_key,
)
from storage.s3 import S3Store
from storage.stores import open_store

keys = st.from_regex(r"[a-c_-][a-c.-]{0,3}(/[a-c_-][a-c.-]{0,3}){0,3}", fullmatch=True).filter(is_key)
OPTIONS = S3Options("127.0.0.1:9", "bucket", "name", "very-secret", secure=False)


@given(st.text() | st.text(alphabet="ab/._-A\0\n"))
def test_a_key_is_a_plain_relative_path_or_refused(text: str):
    try:
        key = check_key(text)
    except errors.BadKey:
        return
    path = PurePosixPath(key)
    assert str(path) == key
    assert not path.is_absolute()
    assert not any(part.startswith(".") for part in path.parts)
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789/._-")
    assert len(key) <= LONGEST_KEY


@given(keys, st.data())
def test_every_beginning_of_a_key_but_a_dot_is_a_prefix(key: str, data: st.DataObject):
    prefix = key[: data.draw(st.integers(0, len(key)))]
    assert check_prefix(prefix) == prefix


@settings(deadline=None, max_examples=30)
@given(st.sets(keys, max_size=12), keys)
def test_listing_is_filtering_and_sorting(names: set[str], prefix: str):
    folders = {"/".join(name.split("/")[:depth]) for name in names for depth in range(1, name.count("/") + 1)}
    names -= folders  # a folder cannot be an object at the same time
    with tempfile.TemporaryDirectory() as folder:
        store = FolderStore(Path(folder))
        for name in names:
            (store.root / name).parent.mkdir(parents=True, exist_ok=True)
            (store.root / name).touch()
        assert list(store.keys()) == sorted(names)
        assert list(store.keys(prefix)) == sorted(name for name in names if name.startswith(prefix))


def test_keys_hold_nothing_but_the_hash_of_what_they_name():
    digest = hashlib.sha256(b"a page").hexdigest()
    assert original_key(digest) == f"originals/{digest[:2]}/{digest[2:4]}/{digest}"
    assert product_key(digest) == f"products/{digest[:2]}/{digest[2:4]}/{digest}"
    assert words_key(digest) == f"words/{digest[:2]}/{digest[2:4]}/{digest}"


@pytest.mark.parametrize("text", ["", "33-123456", "A" * 64, "../" + "a" * 61])
def test_only_a_hash_makes_a_key(text: str):
    with pytest.raises(errors.BadKey):
        original_key(text)


def test_hash_and_size_of_a_file(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256_of(tmp_path / "file") == (hashlib.sha256(b"abc").hexdigest(), 3)
    with pytest.raises(errors.NothingToDo):
        sha256_of(tmp_path / "nothing")


def test_an_address_is_a_folder_or_a_bucket(tmp_path: Path):
    assert open_store(str(tmp_path / "objects")) == FolderStore(tmp_path / "objects")
    store = open_store("s3://other/akten/objects/", OPTIONS)
    assert isinstance(store, S3Store)
    assert "bucket='other'" in repr(store)
    assert "prefix='akten/objects/'" in repr(store)


@pytest.mark.parametrize("address", ["", "http://127.0.0.1/bucket", "s3:///", "s3://B", "s3://bucket/../x"])
def test_any_other_address_is_refused(address: str):
    with pytest.raises(errors.WrongUse):
        open_store(address, OPTIONS)


def test_a_bucket_needs_credentials():
    with pytest.raises(errors.BadSetting):
        open_store("s3://bucket")


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:9", "127.0.0.1:9/path"])
def test_an_endpoint_is_a_host_and_a_port(endpoint: str):
    with pytest.raises(errors.BadSetting):
        S3Store(S3Options(endpoint, "bucket", "name", "secret", secure=False))


def test_the_secret_is_not_shown():
    assert "very-secret" not in repr(OPTIONS) + repr(S3Store(OPTIONS))
