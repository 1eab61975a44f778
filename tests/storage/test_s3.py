"""What concerns only objects in a bucket: a server that is down, silent, full or wrong, and forks."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest

import errors
from storage.objects import S3Options
from storage.s3 import S3Store
from tests.servers import S3Server, free_ports

processes = multiprocessing.get_context("fork")


def test_a_stopped_server_is_unavailable_and_a_restarted_one_goes_on(
    s3_server: S3Server, s3_options: S3Options
):
    store = S3Store(s3_options)
    stored = store.put_bytes("a", b"kept")
    s3_server.stop()
    try:
        began = time.monotonic()
        for action in (
            lambda: store.put_bytes("b", b"1"),
            lambda: store.digest("a"),
            lambda: store.exists("a"),
            lambda: store.delete("a"),
            lambda: list(store.keys()),
        ):
            with pytest.raises(errors.StoreUnavailable) as caught:
                action()
            assert caught.value.retryable
        assert time.monotonic() - began < 15
    finally:
        s3_server.start()
    assert store.digest("a") == stored
    assert store.put_bytes("b", b"1").size == 1


def test_a_server_that_says_nothing_is_unavailable_within_seconds(s3_server: S3Server, impatient: S3Options):
    store = S3Store(impatient)
    stored = store.put_bytes("a", b"kept")
    s3_server.send(signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(errors.StoreUnavailable):
            store.digest("a")
        assert time.monotonic() - began < 10
    finally:
        s3_server.send(signal.SIGCONT)
    assert store.digest("a") == stored


def test_nobody_there_is_found_out_at_first_use(s3_options: S3Options):
    store = S3Store(replace(s3_options, endpoint=f"127.0.0.1:{free_ports(1)[0]}"))
    with pytest.raises(errors.StoreUnavailable):
        store.exists("a")


def test_refused_credentials_stop_work_instead_of_sending_it_to_quarantine(s3_options: S3Options):
    with pytest.raises(errors.StoreUnavailable, match=r"AccessDenied|SignatureDoesNotMatch"):
        S3Store(replace(s3_options, secret_key="wrong")).put_bytes("a", b"1")


def test_a_bucket_is_made_once_however_many_want_it(s3_server: S3Server, s3_options: S3Options):
    options = replace(s3_options, bucket="made-by-many")
    workers = [
        processes.Process(target=S3Store(options).put_bytes, args=(f"worker/{number}", b"1"))
        for number in range(5)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 5
    assert list(S3Store(options).keys()) == [f"worker/{number}" for number in range(5)]


def test_a_bucket_that_vanishes_is_an_alarm_and_not_made_anew(s3_server: S3Server, s3_options: S3Options):
    store = S3Store(replace(s3_options, bucket="vanishing"))
    store.put_bytes("a", b"1")
    s3_server.client().remove_object("vanishing", f"{s3_options.prefix}/a")
    s3_server.client().remove_bucket("vanishing")
    with pytest.raises((errors.StoreUnavailable, errors.ObjectMissing)):
        store.get_bytes("a")


def test_installations_sharing_a_bucket_do_not_see_each_other(s3_options: S3Options):
    one, other = (S3Store(replace(s3_options, prefix=f"{s3_options.prefix}/{name}")) for name in ("x", "xy"))
    one.put_bytes("a", b"one")
    other.put_bytes("a", b"other")
    assert one.get_bytes("a") == b"one"
    assert list(one.keys()) == ["a"]


def test_a_forked_child_connects_anew(s3_options: S3Options):
    store = S3Store(s3_options)
    store.put_bytes("a", b"0" * 100_000)
    before, (here, there) = connections(), processes.Pipe()

    def read() -> None:
        store.get_bytes("a")
        there.send(connections() - before)

    assert before
    child = processes.Process(target=read)
    child.start()
    child.join(60)
    assert here.poll()
    assert here.recv(), "the child has used its parent's connection"
    assert store.get_bytes("a") == b"0" * 100_000
    assert connections() == before
    here.close()
    there.close()


def connections() -> set[int]:
    """The local ports of this process's open connections."""
    return {one.laddr.port for one in psutil.Process().net_connections("tcp") if one.status == "ESTABLISHED"}


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (507, "XMinioStorageFull", errors.DiskFull),
        (403, "QuotaExceeded", errors.DiskFull),
        (500, "InternalError", errors.StoreUnavailable),
        (503, "SlowDown", errors.StoreUnavailable),
        (507, None, errors.DiskFull),
        (500, None, errors.StoreUnavailable),
        (404, "NoSuchBucket", errors.StoreUnavailable),
    ],
)
def test_what_a_server_in_trouble_says_is_understood(status: int, code: str | None, error: type[Exception]):
    with _server_in_trouble(status, code) as endpoint:
        store = S3Store(S3Options(endpoint, "bucket", "name", "secret", secure=False))
        with pytest.raises(error):
            store.put_bytes("a", b"1")


def test_a_server_that_keeps_something_else_than_it_was_given_is_found_out():
    with _server_in_trouble(200, None, kept=b"2") as endpoint:
        store = S3Store(S3Options(endpoint, "bucket", "name", "secret", secure=False))
        with pytest.raises(errors.ObjectDamaged):
            store.put_bytes("a", b"1")


def test_a_body_that_breaks_off_is_no_object():
    with _server_in_trouble(200, None, kept=b"half", length=8) as endpoint:
        store = S3Store(S3Options(endpoint, "bucket", "name", "secret", secure=False))
        with pytest.raises(errors.StoreUnavailable):
            store.get_bytes("a")


@contextmanager
def _server_in_trouble(
    status: int, code: str | None, kept: bytes = b"", length: int | None = None
) -> Iterator[str]:
    """A server that has the bucket and no object yet, and answers PUT with ``status``, GET with ``kept``.

    A ``length`` beyond that of ``kept`` announces bytes that never come.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(404 if self.path.count("/") > 1 else 200)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(kept) if length is None else length))
            self.end_headers()
            self.wfile.write(kept)

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = f"<Error><Code>{code}</Code></Error>" if code else "out of order"
            self.send_response(status)
            self.send_header("Content-Type", "application/xml" if code else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
