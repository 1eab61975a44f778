"""Which store an address means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import errors
from errors import N_
from storage.folder import FolderStore
from storage.objects import ObjectStore, S3Options


def open_store(address: str, s3: S3Options | None = None, *, make: bool = True) -> ObjectStore:
    """The store at ``address``: the path of a folder, or ``s3://bucket`` or ``s3://bucket/prefix``.

    For a bucket, ``s3`` says where its server is; bucket and prefix are those of the address. A folder is
    made if it is not there, unless ``make`` is False. Raises
    ``errors.BadSetting`` for any other address.
    """
    scheme, separator, rest = address.partition("://")
    if not separator and address:
        return FolderStore(Path(address).absolute(), make)
    if scheme != "s3":
        detail = N_("'{address}' is neither a folder nor s3://bucket")
        raise errors.BadSetting(name="store", detail=detail, address=address)
    if s3 is None:
        detail = N_("'{address}' needs an endpoint and credentials")
        raise errors.BadSetting(name="store", detail=detail, address=address)
    from storage.s3 import S3Store  # noqa: PLC0415 - who keeps objects in a folder need not load an S3 client

    bucket, _, prefix = rest.partition("/")
    return S3Store(replace(s3, bucket=bucket, prefix=prefix))
