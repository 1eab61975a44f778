"""The two kinds of object store, each with a way past the product: to look behind it and to do harm."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest

from storage.folder import FolderStore
from storage.ledger import Ledger
from storage.objects import ObjectStore, S3Options
from storage.s3 import S3Store
from tests.ledgers import new_database
from tests.servers import PostgresServer, S3Server

_BUCKET = "akten-tests"
_numbers = itertools.count()


class Backstage(Protocol):
    """A store, and what only an administrator of its disk or server could see or do."""

    @property
    def store(self) -> ObjectStore: ...
    def overwrite(self, key: str, data: bytes) -> None: ...
    def last_written(self, key: str) -> object: ...
    def unfinished(self) -> bool: ...


@dataclass(frozen=True)
class FolderBackstage:
    root: Path

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.root)

    def overwrite(self, key: str, data: bytes) -> None:
        (self.root / key).write_bytes(data)

    def last_written(self, key: str) -> object:
        status = (self.root / key).stat()
        return status.st_ino, status.st_mtime_ns

    def unfinished(self) -> bool:
        return any((self.root / ".parts").glob("*"))


@dataclass(frozen=True)
class S3Backstage:
    server: S3Server
    options: S3Options

    @property
    def store(self) -> S3Store:
        return S3Store(self.options)

    def overwrite(self, key: str, data: bytes) -> None:
        self.server.client().put_object(_BUCKET, self._name(key), io.BytesIO(data), len(data))

    def last_written(self, key: str) -> object:
        return self.server.client().stat_object(_BUCKET, self._name(key)).last_modified

    def unfinished(self) -> bool:
        client = self.server.client()
        return client.bucket_exists(_BUCKET) and bool(
            client._list_multipart_uploads(_BUCKET, prefix=self.options.prefix).uploads
        )

    def _name(self, key: str) -> str:
        return f"{self.options.prefix}/{key}"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def s3_options(s3_server: S3Server) -> S3Options:
    """A corner of the server's bucket that no other test uses."""
    return S3Options(
        endpoint=s3_server.endpoint,
        bucket=_BUCKET,
        access_key=s3_server.access_key,
        secret_key=s3_server.secret_key,
        secure=False,
        prefix=f"test-{next(_numbers)}",
    )


@pytest.fixture
def impatient(s3_options: S3Options) -> S3Options:
    """Options that wait one second for an answer."""
    return replace(s3_options, timeout=1.0)


@pytest.fixture(params=["folder", "s3"])
def backstage(request: pytest.FixtureRequest, tmp_path: Path) -> Backstage:
    if request.param == "folder":
        return FolderBackstage(tmp_path / "objects")
    return S3Backstage(request.getfixturevalue("s3_server"), request.getfixturevalue("s3_options"))


@pytest.fixture
def store(backstage: Backstage) -> ObjectStore:
    return backstage.store


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> str:
    """A PostgreSQL database with the ledger's tables, to be copied."""
    url = postgres.database()
    Ledger(url).close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a ledger of the test's own, on either database."""
    if request.param == "sqlite":
        return new_database(tmp_path / "ledger.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.database(like=request.getfixturevalue("migrated"))
