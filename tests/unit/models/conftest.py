"""Places for models: a folder, and remote file systems that are really there."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec  # noqa: TID253
import pytest
from fsspec.implementations.local import LocalFileSystem  # noqa: TID253
from fsspec.implementations.memory import MemoryFileSystem  # noqa: TID253


class DiskFileSystem(LocalFileSystem):  # type: ignore[misc]
    """The files of a folder by URLs, as those of any server with real folders: disk:///tmp/x."""

    protocol = "disk"


class FailingFileSystem(MemoryFileSystem):  # type: ignore[misc]
    """A memory of its own that fails at what `refused` names: (operation, part of the path)."""

    protocol = "failing"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    refused: ClassVar[set[tuple[str, str]]] = set()

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        stripped: str = super()._strip_protocol(path.replace("failing://", "memory://"))
        return stripped

    def _refuse(self, operation: str, path: str) -> None:
        for refused, part in self.refused:
            if refused == operation and part in path:
                raise PermissionError(f"{operation} of {path} with token=hunter2")

    def ls(self, path: str, detail: bool = True, **rest: Any) -> Any:
        self._refuse("list", path)
        return super().ls(path, detail, **rest)

    def put_file(self, lpath: str, rpath: str, *rest: Any, **more: Any) -> None:
        self._refuse("put", rpath)
        super().put_file(lpath, rpath, *rest, **more)

    def pipe_file(self, path: str, value: bytes, *rest: Any, **more: Any) -> None:
        self._refuse("pipe", path)
        super().pipe_file(path, value, *rest, **more)

    def cat_file(self, path: str, *rest: Any, **more: Any) -> bytes:
        self._refuse("read", path)
        content: bytes = super().cat_file(path, *rest, **more)
        return content


@pytest.fixture
def failing() -> Iterator[type[FailingFileSystem]]:
    """The file system that fails; it is empty, and fails at nothing yet."""
    fsspec.register_implementation("failing", FailingFileSystem, clobber=True)
    FailingFileSystem.store.clear()
    FailingFileSystem.pseudo_dirs[:] = [""]
    FailingFileSystem.refused.clear()
    yield FailingFileSystem
    FailingFileSystem.refused.clear()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server of S3 on this machine."""
    server_module = pytest.importorskip("moto.server")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a new bucket."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(name, value)
    bucket = f"b-{uuid.uuid4().hex}"
    fsspec.filesystem("s3").mkdir(bucket)
    return f"s3://{bucket}"


REMOTE = ["memory", "disk", pytest.param("s3", marks=pytest.mark.heavy)]


@pytest.fixture(params=REMOTE)
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a model that is not there yet, on one file system after the other."""
    if request.param == "s3":
        return f"{request.getfixturevalue('s3')}/some/model"
    if request.param == "disk":
        fsspec.register_implementation("disk", DiskFileSystem, clobber=True)
        return f"disk://{tmp_path}/some/model"
    return f"memory://{uuid.uuid4().hex}/some/model"


@pytest.fixture(params=["folder", *REMOTE])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A model that is not there yet: in a folder, and on one remote file system after the other."""
    if request.param == "folder":
        return tmp_path / "some" / "model"
    return remote.__wrapped__(request, tmp_path)  # type: ignore[no-any-return,attr-defined]
