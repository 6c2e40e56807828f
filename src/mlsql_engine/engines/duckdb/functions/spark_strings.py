"""Spark's functions of text and binary values as macros."""

from __future__ import annotations

from typing import Final

from .arrays import Macro
from .spark_macros import bound, spark, text

_SOUNDEX: Final = "'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '01230127022455012623017202'"
_DIGITS: Final = "'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'"


def _split_limited() -> str:
    """The first pieces, and what is left of the text after as many separators."""
    start = "1 + list_sum([length(x) for x in __p[:__n - 1]]) + list_sum([length(x) for x in __m[:__n - 1]])"
    cut = f"CASE WHEN __n = 1 THEN [__s] ELSE list_append(__p[:__n - 1], substring(__s, ({start})::BIGINT)) END"
    pieces = bound(
        f"CASE WHEN __n <= 0 OR len(__p) <= __n THEN __p ELSE {cut} END",
        p="regexp_split_to_array(__s, __r)",
        m="regexp_extract_all(__s, __r)",
    )
    return bound(pieces, s=text("s"), r=text("r"), n="n")


def _substring_index() -> str:
    kept = "list_sum([length(x) for x in __p[{}]]) + (abs(__c) - 1) * length(__d)"
    first, last = kept.format(":__c"), kept.format("__c:")
    cut = bound(
        "CASE WHEN __c = 0 OR __d = '' THEN '' WHEN abs(__c) >= len(__p) THEN __s "
        f"WHEN __c > 0 THEN left(__s, ({first})::BIGINT) ELSE right(__s, ({last})::BIGINT) END",
        p="string_split(__s, __d)",
    )
    return bound(
        f"CASE WHEN __s IS NOT NULL AND __d IS NOT NULL AND __c IS NOT NULL THEN {cut} END",
        s=text("s"),
        d=text("d"),
        c="c",
    )


def _soundex() -> str:
    """The first letter and three codes; letters of one code side by side, or with H or W between, are one."""
    codes = f"[x for x in string_split(translate(upper(__s), {_SOUNDEX}), '') if x <> '7']"
    kept = "list_filter(__k, lambda x, i: i > 1 AND x <> '0' AND x <> __k[i - 1] AND x BETWEEN '0' AND '9')"
    code = bound(f"upper(__s[1]) || rpad(left(array_to_string({kept}, ''), 3), 3, '0')", k=codes)
    return bound(f"CASE WHEN regexp_matches(__s, '^[A-Za-z]') THEN {code} ELSE __s END", s=text("s"))


def _convert_base() -> str:
    """The longest run of digits of the base, read as a number without sign of 64 bits."""
    digits = f"[strpos({_DIGITS}, x) - 1 for x in string_split(ltrim(upper(trim(__s)), '-'), '')]"
    # Where the first sign stands that is no digit of the base.
    end = "coalesce(list_position([d < 0 OR d >= __f for d in __d], true) - 1, len(__d))"
    value = f"list_reduce(__d[:{end}], lambda a, d: a * __f + d, 0::HUGEINT)"
    written = (
        "CASE WHEN __v >= 0 THEN to_base(__v::BIGINT, abs(__t)) WHEN __t < 0 THEN '-' || to_base((-__v)::BIGINT, "
        "-__t) WHEN __t = 16 THEN hex(__v::BIGINT) WHEN __t = 2 THEN bin(__v::BIGINT) "
        "ELSE error('conv: a negative number can be written to base 2, 16 or a negative base') END"
    )
    signed = f"CASE WHEN starts_with(trim(__s), '-') THEN -({value}) ELSE {value} END"
    body = bound(bound(written, v=signed), d=digits)
    return bound(
        f"CASE WHEN __s <> '' AND __f BETWEEN 2 AND 36 AND abs(__t) BETWEEN 2 AND 36 THEN {body} END",
        s=text("n"),
        f="f",
        t="t",
    )


def _url_part() -> str:
    parts = {
        "PROTOCOL": r"'^([a-zA-Z][a-zA-Z0-9+.-]*):'",
        "HOST": r"'^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]*)'",
        "PATH": r"'^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*([^?#]*)'",
        "QUERY": r"'^[^?#]*\?([^#]*)'",
        "REF": r"'#(.*)$'",
        "AUTHORITY": r"'^[a-zA-Z][a-zA-Z0-9+.-]*://([^/?#]*)'",
        "USERINFO": r"'^[a-zA-Z][a-zA-Z0-9+.-]*://([^/?#@]*)@'",
        "FILE": r"'^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*([^#]*)'",
    }
    cases = " ".join(
        f"WHEN '{name}' THEN CASE WHEN regexp_matches(__u, {pattern}) THEN regexp_extract(__u, {pattern}, 1) END"
        for name, pattern in parts.items()
    )
    found = f"CASE __p {cases} END"
    return bound(f"CASE WHEN contains(__u, ' ') THEN NULL ELSE {found} END", u=text("u"), p=text("p"))


def _crc32() -> str:
    """The checksum, byte by byte, from a table of the remainders of all bytes."""
    table = []
    for byte in range(256):
        rest = byte
        for _ in range(8):
            rest = rest >> 1 ^ (0xEDB88320 if rest & 1 else 0)
        table.append(rest)
    step = f"lambda a, b: xor(a >> 8, ({table}::BIGINT[])[(xor(a, b) & 255) + 1])"
    octets = "[('0x' || substring(__h, 2 * i + 1, 2))::BIGINT for i in range(length(__h) // 2)]"
    return bound(f"xor(list_reduce({octets}, {step}, 4294967295::BIGINT), 4294967295)", h="hex(x)")


def _joined() -> tuple[tuple[str, str], ...]:
    """An argument of concat_ws: the elements of an array joined, NULL for none; anything else as text."""
    kept = bound(
        "CASE WHEN len(__l) > 0 THEN array_to_string(__l, s) END", l="[e for e in x::VARCHAR[] if e IS NOT NULL]"
    )
    return ("s, x VARCHAR", "x"), ("s, x VARCHAR[]", kept), ("s, x", text("x"))


def _find_in_set() -> str:
    place = "coalesce(list_position(string_split(__l, ','), __s), 0)"
    return bound(
        f"CASE WHEN __s IS NULL OR __l IS NULL THEN NULL WHEN contains(__s, ',') THEN 0 ELSE {place} END::INTEGER",
        s=text("s"),
        l=text("l"),
    )


def _pad(side: str) -> tuple[tuple[str, str], ...]:
    """To a length of characters; without anything to fill in, text is only cut."""
    body = bound(
        f"CASE WHEN __n <= 0 AND __s IS NOT NULL THEN '' WHEN __p = '' THEN left(__s, __n) "
        f"ELSE {side}(__s, __n, __p) END",
        s=text("s"),
        n="n::INTEGER",
        p=text("p"),
    )
    blank = f"{side}({text('s')}, greatest(n::INTEGER, 0), ' ')"
    return ("s, n", blank), ("s, n, p", body)


def _locate() -> tuple[tuple[str, str], ...]:
    found = bound(
        "CASE WHEN __n IS NULL OR __n <= 0 THEN 0 WHEN __x IS NULL OR __s IS NULL THEN NULL "
        "WHEN strpos(substring(__s, __n), __x) = 0 THEN 0 ELSE strpos(substring(__s, __n), __x) + __n - 1 "
        "END::INTEGER",
        x=text("x"),
        s=text("s"),
        n="n",
    )
    return ("x, s", f"strpos({text('s')}, {text('x')})::INTEGER"), ("x, s, n", found)


def _regexp_instr() -> str:
    before = "strpos(__s, regexp_extract(__s, __r))"
    return bound(
        f"CASE WHEN regexp_matches(__s, __r) THEN {before} WHEN __s IS NOT NULL AND __r IS NOT NULL THEN 0 END"
        "::INTEGER",
        s=text("s"),
        r=text("r"),
    )


MACROS: Final[tuple[Macro, ...]] = (
    spark("ascii", ("s", f"ascii({text('s')})")),
    spark("base64", ("x VARCHAR", "to_base64(encode(x))"), ("x", "to_base64(x)")),
    spark("unbase64", ("x", "from_base64(x)")),
    spark("bit_length", ("x BLOB", "(octet_length(x) * 8)::INTEGER"), ("x", f"bit_length({text('x')})::INTEGER")),
    spark("octet_length", ("x BLOB", "octet_length(x)::INTEGER"), ("x", f"strlen({text('x')})::INTEGER")),
    *(
        spark(name, ("x BLOB", "octet_length(x)::INTEGER"), ("x", f"length({text('x')})::INTEGER"))
        for name in ("length", "len", "char_length", "character_length")
    ),
    spark("btrim", ("s", f"trim({text('s')}, ' ')"), ("s, chars", f"trim({text('s')}, {text('chars')})")),
    spark(
        "contains",
        ("s BLOB, x BLOB", "contains(hex(s), hex(x))"),
        ("s, x", f"contains({text('s')}, {text('x')})"),
    ),
    *(
        spark(
            name,
            ("s BLOB, x BLOB", f"{own}(hex(s), hex(x))"),
            ("s, x", f"{own}({text('s')}, {text('x')})"),
        )
        for name, own in (("startswith", "starts_with"), ("endswith", "suffix"))
    ),
    spark("conv", ("n, f, t", _convert_base())),
    spark("crc32", ("x VARCHAR", "mlsql_crc32_of(encode(x))"), ("x", "mlsql_crc32_of(x)")),
    spark("mlsql_crc32_of", ("x", _crc32())),
    spark("find_in_set", ("s, l", _find_in_set())),
    spark(
        "format_number",
        (
            "x, d",
            bound("CASE WHEN __d >= 0 THEN format('{:,.' || __d || 'f}', __x) END", x="CAST(x AS DOUBLE)", d="d"),
        ),
    ),
    spark("instr", ("s, x", f"strpos({text('s')}, {text('x')})::INTEGER")),
    spark("locate", *_locate()),
    spark("mlsql_joined", *_joined()),
    spark("left", ("s, n", f"left({text('s')}, greatest(n, 0))")),
    spark("right", ("s, n", f"right({text('s')}, greatest(n, 0))")),
    spark(
        "levenshtein",
        ("a, b", f"levenshtein({text('a')}, {text('b')})::INTEGER"),
        (
            "a, b, most",
            bound(
                "CASE WHEN __d > most THEN -1 ELSE __d END::INTEGER",
                d=f"levenshtein({text('a')}, {text('b')})",
            ),
        ),
    ),
    spark("lpad", *_pad("lpad")),
    spark("rpad", *_pad("rpad")),
    spark("mlsql_url_part", ("u, p", _url_part())),
    *(
        spark(name, ("u, p", "mlsql_url_part(u, p)"), ("u, p, k", "mlsql_url_value(mlsql_url_part(u, p), k)"))
        for name in ("parse_url", "try_parse_url")
    ),
    spark(
        "mlsql_url_value",
        (
            "q, k",
            bound(
                "CASE WHEN regexp_matches(__q, __r) THEN regexp_extract(__q, __r, 1) END",
                q="q",
                r=f"'(?:^|&)' || regexp_escape({text('k')}) || '=([^&]*)'",
            ),
        ),
    ),
    spark("regexp_count", ("s, r", f"len(regexp_extract_all({text('s')}, {text('r')}))::INTEGER")),
    spark("regexp_instr", ("s, r", _regexp_instr())),
    spark(
        "regexp_substr",
        (
            "s, r",
            bound("CASE WHEN regexp_matches(__s, __r) THEN regexp_extract(__s, __r) END", s=text("s"), r=text("r")),
        ),
    ),
    spark("reverse", ("x VARCHAR", "reverse(x)"), ("x", "list_reverse(x)")),
    spark("soundex", ("s", _soundex())),
    spark("space", ("n", "repeat(' ', greatest(n, 0))")),
    spark("split", ("s, r", f"regexp_split_to_array({text('s')}, {text('r')})"), ("s, r, n", _split_limited())),
    spark("substring_index", ("s, d, c", _substring_index())),
    spark("unhex", ("s", "TRY(unhex(" + text("s") + "))")),
    spark("url_encode", ("s", f"replace(url_encode({text('s')}), '%20', '+')")),
    spark("url_decode", ("s", f"url_decode(replace({text('s')}, '+', ' '))")),
    spark(
        "hex",
        ("x VARCHAR", "hex(encode(x))"),
        ("x BLOB", "hex(x)"),
        ("x", "hex(CAST(x AS BIGINT))"),
    ),
    spark("md5", ("x VARCHAR", "md5(x)"), ("x", "md5(x)")),
    spark("sha", ("x", "sha1(x)")),
    spark(
        "sha2",
        (
            "x, n",
            "CASE WHEN n IN (0, 256) THEN sha256(x) WHEN n IN (224, 384, 512) THEN "
            "error('sha2: only 256 bits can be had on DuckDB') END",
        ),
    ),
    spark("bin", ("n", "bin(CAST(trunc(CAST(n AS DOUBLE)) AS BIGINT))")),
    spark("replace", ("s, x", "replace(s, x, '')"), ("s, x, y", "replace(s, x, y)")),
)
