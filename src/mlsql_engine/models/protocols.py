"""From a model path to the storage behind it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mlsql_engine.core.errors import MlsqlError, ModelProblem, UnknownName
from mlsql_engine.core.extras import require
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.models.local import LocalStorage
from mlsql_engine.models.paths import ModelPath
from mlsql_engine.models.storage import Storage


def open_storage(path: ModelPath, scratch: Scratch) -> Storage:
    """The storage of a model path; `scratch` is where copies of remote files are put.

    Raises what `check` does, and ModelProblem for a URL that its file system does not take.
    """
    if path.local is not None:
        return LocalStorage(path.local)
    check(path)
    from mlsql_engine.models.remote import RemoteStorage

    fsspec: Any = import_module("fsspec.core")
    try:
        files, root = fsspec.url_to_fs(path.text)
    except Exception as error:
        raise ModelProblem(
            f"the model path {path} cannot be opened: {type(error).__name__}: {error}", code="STORAGE"
        ) from error
    return RemoteStorage(files, root, path.text, scratch)


def check(path: ModelPath) -> None:
    """Raise MlsqlError where a remote path needs a package that is missing, UnknownName for an unknown protocol.

    Nothing is asked over the network.
    """
    if path.local is not None:
        return
    require("fsspec", extra="remote", purpose=f"the model path {path}")
    registry: Any = import_module("fsspec.registry")
    known = {*registry.available_protocols(), *registry.registry}
    if path.protocol not in known:
        raise UnknownName("protocol", path.protocol, known)
    try:
        registry.get_filesystem_class(path.protocol)
    except ImportError as error:
        needed = registry.known_implementations.get(path.protocol, {}).get("class", "").partition(".")[0]
        raise MlsqlError(
            f"the model path {path} needs a package that is not installed: {error}",
            code="MISSING_EXTRA",
            hint=f"pip install {needed}" if needed and needed != "fsspec" else None,
        ) from error
