"""Names of SQL types, as scripts and statements write them, as Arrow types.

    bigint   decimal(10,2)   vector
    array<double>   map<string,array<int>>   struct<name:string,age:int>       as Spark SQL writes them
    array(double)   map(string,string)       st(field(name,string),field(age,integer))   as MLSQL always has

The words and both kinds of brackets may be mixed, in any case; names of fields keep theirs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from . import vectors

if TYPE_CHECKING:
    import pyarrow as pa

NAMES = (
    "double",
    "float",
    "bigint",
    "int",
    "smallint",
    "tinyint",
    "decimal(…)",
    "boolean",
    "string",
    "date",
    "timestamp",
    "binary",
    "vector",
    "array<…>",
    "map<…>",
    "struct<…>",
    "st(field(…))",
)
_WORDS = {
    "double": "float64",
    "float": "float32",
    "real": "float32",
    "bigint": "int64",
    "long": "int64",
    "int": "int32",
    "integer": "int32",
    "smallint": "int16",
    "short": "int16",
    "tinyint": "int8",
    "byte": "int8",
    "boolean": "bool_",
    "bool": "bool_",
    "string": "string",
    "varchar": "string",
    "date": "date32",
    "binary": "binary",
}
_TOKEN = re.compile(r"\s*(?:(?P<word>`[^`]+`|\w+)|(?P<sign>[<>(),:]))")
_CLOSING = {"<": ">", "(": ")"}
_DEEPEST = 50
_WIDEST_DECIMAL = 38


class TypeNameError(ValueError):
    """A text that names no type. `start` and `end` are the characters of it that are wrong."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


def parse(text: str) -> pa.DataType:
    """The Arrow type that a type's name means. Raises TypeNameError that says what is known, and where."""
    reader = _Reader(text)
    kind = reader.kind(0)
    reader.finish()
    return kind


class _Token(NamedTuple):
    text: str
    start: int
    end: int
    is_word: bool

    @property
    def name(self) -> str:
        """A word without its backquotes."""
        return self.text.strip("`")


class _Reader:
    """Reads one type from the first character on; `_token` is what comes next, of empty text at the end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._token = self._read()

    def _read(self) -> _Token:
        found = _TOKEN.match(self._text, self._position)
        if found is None:
            left = len(self._text[self._position :].lstrip())
            start = len(self._text) - left
            return _Token(self._text[start : start + 1], start, min(start + 1, len(self._text)), False)
        is_word = found["word"] is not None
        group = "word" if is_word else "sign"
        return _Token(found[group], found.start(group), found.end(group), is_word)

    def _next(self) -> _Token:
        token = self._token
        self._position = token.end
        self._token = self._read()
        return token

    def finish(self) -> None:
        """Nothing may stand behind the type."""
        if self._token.text:
            self._refuse(f"the type ends before '{self._token.text}'", self._token)

    def kind(self, depth: int) -> pa.DataType:
        import pyarrow as pa

        token = self._token
        if depth > _DEEPEST:
            self._refuse(f"types are nested at most {_DEEPEST} deep", token)
        if not token.is_word:
            self._refuse(f"a type is missing before '{token.text}'" if token.text else "a type is missing", token)
        self._next()
        word = token.text.lower()
        opened = self._token.text in _CLOSING
        nested = {"array": self._array, "list": self._array, "map": self._map}
        nested.update({"struct": self._struct, "st": self._st})
        if word in nested and opened:
            return nested[word](self._next(), depth + 1)
        if word in ("decimal", "numeric", "dec"):
            return self._decimal(opened)
        if word in ("varchar", "char") and opened:
            opening = self._next()
            self._number("the length of the text")
            self._close(opening)
            return pa.string()
        if word == "timestamp":
            return pa.timestamp("us")
        if word == "vector":
            return vectors.arrow_type()
        if word not in _WORDS:
            self._refuse(f"'{token.text}'", token, f" is not a type; known: {', '.join(NAMES)}")
        return getattr(pa, _WORDS[word])()

    def _array(self, opening: _Token, depth: int) -> pa.DataType:
        import pyarrow as pa

        element = self.kind(depth)
        self._close(opening)
        return pa.list_(element)

    def _map(self, opening: _Token, depth: int) -> pa.DataType:
        import pyarrow as pa

        key = self.kind(depth)
        self._expect(",", "the type of the map's values")
        value = self.kind(depth)
        self._close(opening)
        return pa.map_(key, value)

    def _struct(self, opening: _Token, depth: int) -> pa.DataType:
        """Fields as Spark SQL writes them: `name: type`, or `name type`."""

        def field() -> tuple[_Token, Any]:
            name = self._field_name()
            if self._token.text == ":":
                self._next()
            return name, self.kind(depth)

        return self._fields(opening, field)

    def _st(self, opening: _Token, depth: int) -> pa.DataType:
        """Fields as MLSQL writes them: `field(name,type)`."""

        def field() -> tuple[_Token, Any]:
            if self._token.text.lower() != "field":
                self._refuse("st(…) holds field(name,type)", self._token)
            self._next()
            inner = self._token
            if inner.text not in _CLOSING:
                self._refuse("st(…) holds field(name,type)", inner)
            self._next()
            name = self._field_name()
            self._expect(",", f"the type of the field '{name.name}'")
            kind = self.kind(depth)
            self._close(inner)
            return name, kind

        return self._fields(opening, field)

    def _fields(self, opening: _Token, field: Any) -> pa.DataType:
        import pyarrow as pa

        fields: dict[str, Any] = {}
        while True:
            name, kind = field()
            if name.name.lower() in (known.lower() for known in fields):
                self._refuse(f"the field '{name.name}' is there twice", name)
            fields[name.name] = kind
            if self._token.text != ",":
                break
            self._next()
        self._close(opening)
        return pa.struct(list(fields.items()))

    def _field_name(self) -> _Token:
        if not self._token.is_word:
            self._refuse("the name of a field is missing", self._token)
        return self._next()

    def _decimal(self, opened: bool) -> pa.DataType:
        import pyarrow as pa

        precision, scale = 10, 0
        if opened:
            opening, first = self._next(), self._token
            precision = self._number("how many digits it has")
            if self._token.text == ",":
                self._next()
                scale = self._number("how many digits stand behind the point")
            self._close(opening)
            if not 1 <= precision <= _WIDEST_DECIMAL or scale > precision:
                self._refuse(
                    f"a decimal has 1 to {_WIDEST_DECIMAL} digits, and no more of them behind the point", first
                )
        return pa.decimal128(precision, scale)

    def _number(self, what: str) -> int:
        if not self._token.text.isdecimal():
            self._refuse(f"here comes {what}, a whole number", self._token)
        return int(self._next().text)

    def _expect(self, sign: str, what: str) -> None:
        if self._token.text != sign:
            self._refuse(f"'{sign}' and {what} are missing", self._token)
        self._next()

    def _close(self, opening: _Token) -> None:
        wanted = _CLOSING[opening.text]
        if self._token.text != wanted:
            self._refuse(f"'{wanted}' is missing", self._token)
        self._next()

    def _refuse(self, wrong: str, token: _Token, known: str = "") -> NoReturn:
        whole, place = self._text.strip(), ""
        if whole and token.text != whole:
            first = len(self._text) - len(self._text.lstrip())
            place = f" (character {token.start - first + 1} of '{whole}')"
        raise TypeNameError(wrong + place + known, token.start, max(token.end, token.start + 1))
