"""What errors, logs and tables do not show."""

from __future__ import annotations

import pytest

from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.options import Secret
from mlsql_engine.core.secrets import hide_secrets, is_secret
from mlsql_engine.core.span import Source, Span


@pytest.mark.parametrize("name", ["password", "dbPassword", "HF_TOKEN", "api_key", "fitParam.0.secret"])
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["user", "key", "passenger", "tokenizer", "url"])
def test_names_of_what_may_be_shown(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('where password="abc" and user="u"', 'where password="***" and user="u"'),
        ("where `password` = 'a\"c' and x='y'", "where `password` = '***' and x='y'"),
        ('set dbPassword = """abc""";', 'set dbPassword = """***""";'),
        ('password="abc', 'password="***'),
        (r'password="a\"c" and k="v"', r'password="****" and k="v"'),
        ('password="" and k="v"', 'password="" and k="v"'),
        ('url="jdbc:postgresql://h/d?user=u&password=abc"', 'url="jdbc:postgresql://h/d?user=u&password=***"'),
        ('url="jdbc:postgresql://u:abc@h:5432/d"', 'url="jdbc:postgresql://u:***@h:5432/d"'),
        ('url="jdbc:postgresql://h:5432/d" and user="u"', 'url="jdbc:postgresql://h:5432/d" and user="u"'),
    ],
)
def test_lines_of_scripts(line: str, shown: str) -> None:
    assert hide_secrets(line) == shown


def test_the_line_of_an_error() -> None:
    line = 'connect jdbc where password="abc" and nope="x" as shop;'
    at = line.index("nope")
    error = BadValue("wrong", span=Span(Source("script", line), at, at + 4))
    assert error.render() == (
        "error[BAD_VALUE]: wrong\n"
        " --> script:1:39\n"
        "  |\n"
        '1 | connect jdbc where password="***" and nope="x" as shop;\n'
        "  |                                       ^^^^"
    )


def test_the_representation_of_a_secret() -> None:
    assert repr(Secret("abc")) == "Secret()"
