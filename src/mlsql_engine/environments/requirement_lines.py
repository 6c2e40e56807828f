"""pip's requirements format: packages, includes, constraints, options, local packages.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mlsql_engine.core.errors import suggestion
from mlsql_engine.core.span import Source, Span
from mlsql_engine.environments.documents import needed, read, wrong
from mlsql_engine.environments.wanted import Wanted

_COMMENT = re.compile(r"(^|\s+)#.*$")
_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
}
_WITH_VALUE = (
    "--index-url",
    "--extra-index-url",
    "--find-links",
    "--no-binary",
    "--only-binary",
    "--trusted-host",
)
_WITHOUT_VALUE = ("--no-index", "--pre", "--prefer-binary", "--require-hashes")
_OPTIONS = (*_WITH_VALUE, *_WITHOUT_VALUE, "--requirement", "--constraint", "--editable")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar")
_METADATA = ("pyproject.toml", "setup.cfg", "setup.py")
_VERSION_CONTROL = re.compile(r"(git|hg|svn|bzr)\+")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|file:", re.IGNORECASE)


def read_requirements(path: Path) -> Wanted:
    """What a requirements.txt asks for, with the files that it includes. Raises MlsqlError, placed in the file."""
    lines = RequirementLines()
    lines.read_file(path)
    return Wanted(
        requirements=tuple(lines.requirements),
        constraints=tuple(lines.constraints),
        options=tuple(lines.options),
        local=tuple(lines.local),
        source=str(path),
    )


class RequirementLines:
    """What lines ask for, as it is read; see the fields of Wanted. Errors have the code ENVIRONMENT_FILE."""

    def __init__(self) -> None:
        self.requirements: list[str] = []
        self.constraints: list[str] = []
        self.options: list[tuple[str, str]] = []
        self.local: list[Path] = []
        self._reading: list[Path] = []

    def read_file(self, path: Path, named_at: Span | None = None, *, into: list[str] | None = None) -> None:
        """Read a file and what it includes; its packages are requirements, unless they go `into` another list."""
        path = Path(os.path.normpath(path))
        if path in self._reading:
            raise wrong(f"{path} includes itself", named_at)
        source = read(path, named_at)
        self._reading.append(path)
        for text, span in _logical_lines(source):
            self.add(text, span, path.parent, into=into)
        self._reading.pop()

    def add(self, text: str, span: Span, folder: Path, *, into: list[str] | None = None) -> None:
        """Read one line; relative paths start from `folder`."""
        if not text.startswith("-"):
            self.add_package(text, span, folder, into=into)
            return
        name, value = _option(text, span)
        if name in ("--requirement", "--constraint"):
            if _ADDRESS.match(value):
                raise wrong(f"'{value}' is an address: only files are included", span)
            target = self.constraints if name == "--constraint" or into is self.constraints else into
            self.read_file(folder / os.path.expanduser(value), span, into=target)
        elif name == "--editable":
            self._put(f"--editable {self._editable(value, span, folder)}", into)
        else:
            if name == "--find-links" and not _ADDRESS.match(value):
                value = str(_existing(folder, value, span))
            if (name, value) not in self.options:
                self.options.append((name, value))

    def add_package(self, text: str, span: Span | None, folder: Path, *, into: list[str] | None = None) -> None:
        """Read one package: a name with versions, an address, a path."""
        package, hashes = _without_options(text.strip(), span)
        if _is_path(package):
            self._put(self._path(package, span, folder) + hashes, into)
        elif _ADDRESS.match(package) or _VERSION_CONTROL.match(package):
            self._put(self._address(package, span, folder) + hashes, into)
        else:
            self._put(_named(package, span) + hashes, into)

    def _put(self, line: str, into: list[str] | None) -> None:
        (self.requirements if into is None else into).append(line)

    def _editable(self, value: str, span: Span, folder: Path) -> str:
        """The absolute path; only what the environment is built from is taken down."""
        if _VERSION_CONTROL.match(value) or (_ADDRESS.match(value) and not value.lower().startswith("file:")):
            return value
        path, extras = _path_of(value, span, folder)
        self.local += [path / name for name in _METADATA if (path / name).is_file()]
        return f"{path}{extras}"

    def _address(self, value: str, span: Span | None, folder: Path) -> str:
        return self._path(value, span, folder) if value.lower().startswith("file:") else value

    def _path(self, value: str, span: Span | None, folder: Path) -> str:
        """The absolute path, with its extras; what stands there is taken down."""
        path, extras = _path_of(value, span, folder)
        self.local.append(path)
        return f"{path}{extras}"


def _logical_lines(source: Source) -> list[tuple[str, Span]]:
    """Lines without comments, those that end in a backslash joined; with their places."""
    found: list[tuple[str, Span]] = []
    text, first, start = "", 0, 0
    for line in source.text.splitlines(keepends=True):
        plain = line.rstrip("\r\n")
        first = start if not text else first
        continues = plain.endswith("\\") and not plain.lstrip().startswith("#")
        text += plain[:-1] if continues else plain
        start += len(line)
        if continues and start < len(source.text):
            continue
        stripped = _COMMENT.sub("", text).strip()
        if stripped:
            begin = first + len(text) - len(text.lstrip())
            found.append((stripped, Span(source, begin, min(begin + len(stripped), start))))
        text = ""
    return found


def _option(text: str, span: Span) -> tuple[str, str]:
    """An option by its long name, and its value."""
    found = re.fullmatch(r"(?P<name>--[\w-]+|-\w)(?:\s*=\s*|\s*)(?P<value>.*)", text)
    name = _SHORT.get(found["name"], found["name"]) if found else text
    if found is None or name not in _OPTIONS:
        raise wrong(f"'{name}' is no option that is known here", span, suggestion(name, sorted(_OPTIONS), "option"))
    value = found["value"].strip()
    if name in _WITHOUT_VALUE and value:
        raise wrong(f"the option {name} takes no value", span)
    if name not in _WITHOUT_VALUE and not value:
        raise wrong(f"the option {name} has no value", span)
    return name, value


def _without_options(text: str, span: Span | None) -> tuple[str, str]:
    """A package and the options behind it, of which only hashes mean something."""
    package, *rest = re.split(r"\s+(?=--)", text, maxsplit=1)
    options = shlex.split(rest[0]) if rest else []
    for option in options:
        if not option.startswith("--hash="):
            raise wrong(f"'{option}' behind a package is not known here", span, hint="--hash=sha256:… is")
    return package.strip(), "".join(f" {option}" for option in sorted(options))


def _is_path(text: str) -> bool:
    path = text.partition("[")[0]
    return path in (".", "..") or path.startswith(("./", "../", "/", "~")) or _is_archive(path)


def _path_of(value: str, span: Span | None, folder: Path) -> tuple[Path, str]:
    """The absolute path that is written, or is a file's address, and its extras such as [all]."""
    if value.lower().startswith("file:"):
        value = unquote(urlsplit(value).path)
    path, bracket, extras = value.partition("[")
    return _existing(folder, path, span), bracket + extras


def _is_archive(path: str) -> bool:
    return path.lower().endswith(_ARCHIVES) and "@" not in path and not _ADDRESS.match(path)


def _existing(folder: Path, written: str, span: Span | None) -> Path:
    path = Path(os.path.normpath(folder.absolute() / os.path.expanduser(written)))
    if not path.exists():
        raise wrong(f"there is no {path}", span)
    return path


def _named(text: str, span: Span | None) -> str:
    """A package in one form, however it is written."""
    needed("packaging")
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        problem = str(error).splitlines()[0]
        raise wrong(
            f"'{text}' is no requirement: {problem[:1].lower()}{problem[1:]}",
            span,
            hint="such as numpy, numpy==2.1.0 or numpy>=2,<3",
        ) from error
    if requirement.url is not None and requirement.url.startswith("file:"):
        raise wrong(f"'{text}' names a file by an address", span, hint="give its path: ./package.whl")
    requirement.name = canonicalize_name(requirement.name)
    return str(requirement)
