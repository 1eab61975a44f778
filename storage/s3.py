"""Objects in a bucket of any server that speaks S3, through MinIO's client."""

from __future__ import annotations

import io
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from minio.helpers import check_bucket_name
from urllib3.exceptions import HTTPError, MaxRetryError

import errors
from errors import N_
from storage.objects import S3Options, StoredObject, check_key, check_prefix, keys_in_order, sha256_of
from storage.streams import CHUNK, disk_errors, hash_chunks, write_file

#: Larger objects are sent in parts of this size, in bytes, one after the other: so much is in memory.
_PART_SIZE = 8 << 20
_CONNECT_SECONDS = 3.0
_TEMPORARY = (429, 502, 503, 504)
_INSUFFICIENT_STORAGE = 507
_FULL = frozenset(
    {"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage"}
)
_MISSING = frozenset({"NoSuchKey", "NoSuchObject"})
_BUCKET_IS_THERE = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


class S3Store:
    """An ``ObjectStore`` in one bucket, which is made at first use if it is not there.

    Connections belong to the process that made them; a forked process makes its own. Raises
    ``errors.BadSetting`` for options that cannot be meant; asks nothing of the server before first use.
    """

    def __init__(self, options: S3Options) -> None:
        self._options = options
        self._prefix = f"{check_key(options.prefix.strip('/'))}/" if options.prefix.strip("/") else ""
        self._connected: tuple[int, Minio] | None = None
        try:
            if not options.endpoint:
                raise ValueError(N_("the endpoint is empty"))
            check_bucket_name(options.bucket, strict=True)
            _connect(options)
        except ValueError as wrong:
            raise errors.BadSetting(name="s3", detail=str(wrong)) from wrong

    def __repr__(self) -> str:
        return f"S3Store({self._options!r})"

    def put(self, key: str, source: Path) -> StoredObject:
        """See ``ObjectStore.put``; the source is read twice, first of all for its hash."""
        check_key(key)
        with disk_errors():
            sha256, size = sha256_of(source)
            with source.open("rb") as stream:
                return self._put(StoredObject(key, size, sha256), stream)

    def put_bytes(self, key: str, data: bytes) -> StoredObject:
        """See ``ObjectStore.put_bytes``."""
        check_key(key)
        return self._put(hash_chunks(key, [data]), io.BytesIO(data))

    def get_bytes(self, key: str) -> bytes:
        """See ``ObjectStore.get_bytes``."""
        with _server_errors(check_key(key)):
            return b"".join(self._chunks(key))

    def fetch(self, key: str, target: Path, sha256: str | None = None) -> Path:
        """See ``ObjectStore.fetch``."""
        with _server_errors(check_key(key)):
            return write_file(key, self._chunks(key), target, sha256)

    def exists(self, key: str) -> bool:
        """See ``ObjectStore.exists``."""
        return self._size(check_key(key)) is not None

    def digest(self, key: str) -> StoredObject:
        """See ``ObjectStore.digest``."""
        with _server_errors(check_key(key)):
            return hash_chunks(key, self._chunks(key))

    def keys(self, prefix: str = "") -> Iterator[str]:
        """See ``ObjectStore.keys``; one request a folder, or a thousand names."""
        return keys_in_order(self._listed, check_prefix(prefix))

    def delete(self, key: str) -> None:
        """See ``ObjectStore.delete``; a bucket with versioning keeps the old version."""
        with _server_errors(check_key(key)):
            self._client().remove_object(self._options.bucket, self._prefix + key)

    def local_path(self, key: str) -> Path | None:
        """See ``ObjectStore.local_path``: never."""
        check_key(key)
        return None

    def _put(self, wanted: StoredObject, stream: BinaryIO) -> StoredObject:
        if self._size(wanted.key) == wanted.size and self.digest(wanted.key) == wanted:
            return wanted
        with _server_errors(wanted.key):
            self._client().put_object(
                self._options.bucket,
                self._prefix + wanted.key,
                stream,
                wanted.size,
                part_size=_PART_SIZE,
                num_parallel_uploads=1,
            )
        if self.digest(wanted.key) != wanted:
            raise errors.ObjectDamaged(key=wanted.key)
        return wanted

    def _size(self, key: str) -> int | None:
        try:
            with _server_errors(key):
                return self._client().stat_object(self._options.bucket, self._prefix + key).size
        except errors.ObjectMissing:
            return None

    def _chunks(self, key: str) -> Iterator[bytes]:
        response = self._client().get_object(self._options.bucket, self._prefix + key)
        try:
            yield from response.stream(CHUNK)
        except BaseException:
            response.close()  # the rest of the body is not wanted: this connection is of no more use
            raise
        finally:
            response.release_conn()

    def _listed(self, folder: str) -> Iterator[str]:
        """What lies directly in ``folder``: see ``keys_in_order``."""
        with _server_errors(folder):
            for item in self._client().list_objects(self._options.bucket, prefix=self._prefix + folder):
                name = (item.object_name or "").removeprefix(self._prefix)
                if name != folder:  # an empty folder is listed as an object in itself
                    yield name

    def _client(self) -> Minio:
        if self._connected is None or self._connected[0] != os.getpid():
            client = _connect(self._options)
            _make_bucket(client, self._options)
            self._connected = (os.getpid(), client)
        return self._connected[1]


def _connect(options: S3Options) -> Minio:
    """A client that gives up within seconds, and trusts the certificates this machine trusts."""
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=min(_CONNECT_SECONDS, options.timeout), read=options.timeout),
        retries=urllib3.Retry(
            total=2, backoff_factor=0.2, status_forcelist=_TEMPORARY, respect_retry_after_header=False
        ),
        ssl_context=ssl.create_default_context() if options.secure else None,
    )
    return Minio(
        options.endpoint,
        access_key=options.access_key,
        secret_key=options.secret_key,
        region=options.region,
        secure=options.secure,
        http_client=pool,
    )


def _make_bucket(client: Minio, options: S3Options) -> None:
    """Make the bucket unless it is there; another process making it at the same moment does no harm."""
    if client.bucket_exists(options.bucket):
        return
    try:
        client.make_bucket(options.bucket, location=options.region)
    except S3Error as problem:
        if problem.code not in _BUCKET_IS_THERE:
            raise


@contextmanager
def _server_errors(key: str) -> Iterator[None]:
    """Turn what client and server say into errors of ours.

    Refused credentials count as ``StoreUnavailable`` too: someone changed them while work went on,
    and it is to wait until they are set right instead of ending up in quarantine.
    """
    try:
        yield
    except S3Error as problem:
        if problem.code in _MISSING:
            raise errors.ObjectMissing(key=key) from problem
        if problem.code in _FULL or problem.response.status == _INSUFFICIENT_STORAGE:
            raise errors.DiskFull from problem
        raise errors.StoreUnavailable(detail=problem.code or str(problem.response.status)) from problem
    except (MinioException, HTTPError) as problem:
        status = _status(problem)
        if status == _INSUFFICIENT_STORAGE:
            raise errors.DiskFull from problem
        raise errors.StoreUnavailable(detail=f"HTTP {status}" if status else _reason(problem)) from problem


def _status(problem: Exception) -> int | None:
    if isinstance(problem, ServerError):
        return problem.status_code
    return problem._code if isinstance(problem, InvalidResponseError) else None


def _reason(problem: Exception) -> str:
    """What happened on the wire, with the server's address; without the URL, which names the object."""
    return str(problem.reason if isinstance(problem, MaxRetryError) else problem)
