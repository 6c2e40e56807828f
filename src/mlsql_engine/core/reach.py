"""Which files and addresses the scripts of a session may name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.span import Span


@dataclass(frozen=True)
class Reach:
    """`folders` are absolute and without links; `addresses` are how remote addresses may begin."""

    folders: tuple[Path, ...]
    addresses: tuple[str, ...] = ()

    @classmethod
    def of(cls, folders: tuple[Path, ...], addresses: tuple[str, ...] = ()) -> Reach:
        """The same for folders as they are written; a folder need not be there yet."""
        return cls(tuple(Path(os.path.realpath(folder)) for folder in folders), addresses)

    def holds(self, place: str | os.PathLike[str]) -> bool:
        """Whether a path, after its links, is in one of the folders."""
        real = Path(os.path.realpath(place))
        return any(real.is_relative_to(folder) for folder in self.folders)

    def check_path(self, place: str | os.PathLike[str], span: Span | None) -> None:
        """Raise MlsqlError with code NOT_ALLOWED for a path outside."""
        if not self.holds(place):
            raise MlsqlError(
                "scripts may not touch this path here",
                span=span,
                code="NOT_ALLOWED",
                hint="it is, or leads, outside of the folders that whoever runs the server lets scripts touch; "
                "mlsql serve --root FOLDER adds one",
            )

    def check_address(self, address: str, span: Span | None) -> None:
        """Raise MlsqlError with code NOT_ALLOWED for an address that begins otherwise."""
        if not any(_begins(address.lower(), known.lower()) for known in self.addresses):
            raise MlsqlError(
                f"scripts may not reach {address} here",
                span=span,
                code="NOT_ALLOWED",
                hint=f"they may reach: {', '.join(self.addresses)}"
                if self.addresses
                else "whoever runs the server can allow addresses: mlsql serve --reach ADDRESS",
            )


def _begins(address: str, known: str) -> bool:
    """Whether an address is `known`, or below it: s3://models is no beginning of s3://models-of-others."""
    whole = known.endswith(("/", ":"))
    return address == known or (address.startswith(known) and (whole or address[len(known)] in "/:?"))


def check_path(place: str | os.PathLike[str], span: Span | None) -> None:
    """Raise MlsqlError with code NOT_ALLOWED for a path that the script of the span may not touch."""
    reach = None if span is None else span.source.reach
    if reach is not None:
        reach.check_path(place, span)


def check_address(address: str, span: Span | None) -> None:
    """Raise MlsqlError with code NOT_ALLOWED for a remote address that the script of the span may not reach."""
    reach = None if span is None else span.source.reach
    if reach is not None:
        reach.check_address(address, span)
