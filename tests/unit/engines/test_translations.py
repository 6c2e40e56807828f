"""Translations that are kept: what is used again, when not, and how many."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.core.errors import MlsqlError, UnknownName
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.dialect import translate
from mlsql_engine.engines.translation import Translation
from mlsql_engine.engines.translations import Translations
from unit.engines.duckdb.sessions import EngineSession, text

TABLES = {"t": "view_1", "u": "view_2"}


@pytest.fixture
def kept() -> Translations:
    return Translations()


def in_script(query: str, before: str) -> Text:
    """The query as it stands in a script after other text."""
    script = Source("script", before + query, Path("/scripts"))
    return Text.literal(query, Span(script, len(before), len(before) + len(query)))


def same(one: Translation, other: Translation) -> bool:
    return one.draft is other.draft


class TestTheSameText:
    def test_is_translated_once(self, kept: Translations) -> None:
        first = kept.translate(text("select a, f(b) from t"), TABLES, {})
        again = kept.translate(text("select a, f(b) from t"), TABLES, {})
        assert same(first, again)
        assert (again.sql, again.tables, again.calls) == (first.sql, ("t",), {"f"})
        assert len(kept) == 1

    def test_has_the_places_of_each_script(self, kept: Translations) -> None:
        query = "select a,\n f(b) from t"
        for before in ("", "select 1 as x as y;\n\n  "):
            written = in_script(query, before)
            translation = kept.translate(written, TABLES, {})
            assert translation.query is written
            for kind, name in (("column", "b"), ("function", "f"), ("column", "a")):
                span = translation.place(kind, name)
                start = len(before) + query.index(name if kind == "column" else "f(")
                assert (span.source, span.start, span.end) == (written.span.source, start, start + 1), name
            assert translation.place("column", "c") == written.span

    def test_places_through_variables(self, kept: Translations) -> None:
        """One query is written as it is, the other's column comes from a variable."""
        from mlsql_engine.language.variables import fill_text

        plain = text("select abc from t")
        filled = fill_text(text("select ${x} from t"), {"x": "abc"})
        assert filled.value == plain.value
        assert kept.translate(plain, TABLES, {}).place("column", "abc").text == "abc"
        assert kept.translate(filled, TABLES, {}).place("column", "abc").text == "${x}"

    def test_errors_stand_in_each_script(self, session: EngineSession) -> None:
        session.sql("select 1 as a", "t")
        for before in ("", "select 1 as x as y;\n"):
            written = in_script("select a, nope from t", before)
            with pytest.raises(MlsqlError) as raised:
                session.engine.sql(written)
            assert raised.value.code == "UNKNOWN_COLUMN"
            assert raised.value.span == written.place(10, 14)


class TestWhatItHangsOn:
    def test_a_table_that_is_bound_again(self, kept: Translations) -> None:
        query = "select x.a from t x join t y on x.a = y.a"
        first = kept.translate(text(query), TABLES, {})
        again = kept.translate(text(query), {"t": 'other "view"'}, {})
        assert same(first, again)
        assert first.sql == 'SELECT x.a FROM "view_1" AS x JOIN "view_1" AS y ON x.a = y.a'
        assert again.sql == first.sql.replace('"view_1"', '"other ""view"""')
        assert again.sql == translate(text(query), {"t": 'other "view"'}, {}).sql
        assert (again.views, first.views) == ({"t": 'other "view"'}, {"t": "view_1"})

    def test_a_table_that_is_not_bound_any_more(self, kept: Translations) -> None:
        kept.translate(text("select a from t"), TABLES, {})
        with pytest.raises(UnknownName, match="there is no table 't'"):
            kept.translate(text("select a from t"), {"u": "view_2"}, {})

    def test_rows_of_a_session_that_binds_again(self, session: EngineSession) -> None:
        for number in (1, 2, 3):
            session.sql(f"select {number} as a", "t")
            assert session.rows("select a + 1 as b from t") == [(number + 1,)]

    def test_a_function_that_is_registered(self, kept: Translations) -> None:
        query = "select split(a, 'x') as s, g(a) as g from t"
        plain = kept.translate(text(query), TABLES, {})
        own = kept.translate(text(query), TABLES, {"split": "own_v1"}, ("split",))
        again = kept.translate(text(query), TABLES, {"split": "own_v2"}, ("split",))
        assert [item.sql.partition(" AS ")[0] for item in (own, again)] == [
            "SELECT OWN_V1(a, 'x')",
            "SELECT OWN_V2(a, 'x')",
        ]
        assert (plain.calls, own.calls, own.volatile, plain.volatile) == ({"g"}, {"split", "g"}, True, False)
        assert len(kept) == 1

    def test_a_function_that_is_a_model_and_then_is_not(self, kept: Translations) -> None:
        functions = {"f": "f_v1"}
        query = text("select f(a) from t")
        assert kept.translate(query, TABLES, functions, ("f",)).volatile
        assert not kept.translate(query, TABLES, functions).volatile

    def test_other_functions_do_not_matter(self, kept: Translations) -> None:
        first = kept.translate(text("select f(a) from t"), TABLES, {"f": "f_v1"}, ("f",))
        assert same(
            first, kept.translate(text("select f(a) from t"), TABLES, {"f": "f_v1", "g": "g_v1"}, ("f", "g"))
        )

    def test_text_as_numbers(self, kept: Translations) -> None:
        plain = kept.translate(text("select a + 1 as b from t"), TABLES, {})
        numbers = kept.translate(text("select a + 1 as b from t"), TABLES, {}, text_as_numbers=True)
        assert (plain.sql, numbers.sql) == (
            'SELECT a + 1 AS b FROM "view_1" AS "t"',
            'SELECT MLSQL_NUMBER(a) + 1 AS b FROM "view_1" AS "t"',
        )

    def test_errors_are_not_kept(self, kept: Translations) -> None:
        for query in ("select a from nope", "select from", f"select {'(' * 500}1{')' * 500}"):
            with pytest.raises(MlsqlError):
                kept.translate(text(query), TABLES, {})
        assert len(kept) == 0


class TestHowMany:
    def test_are_kept(self) -> None:
        kept = Translations(most=3)
        first, *_ = [kept.translate(text(f"select {n} as a"), {}, {}) for n in range(3)]
        assert same(first, kept.translate(text("select 0 as a"), {}, {}))
        kept.translate(text("select 3 as a"), {}, {})
        assert len(kept) == 3
        assert same(first, kept.translate(text("select 0 as a"), {}, {})), "used last, so the next was forgotten"

    def test_characters_are_kept(self) -> None:
        kept = Translations(most_characters=1_000)
        for number in range(100):
            kept.translate(text(f"select '{'x' * 50}' as a{number}"), {}, {})
            assert kept.characters <= 1_000
        assert len(kept) in range(5, 10)

    def test_one_that_is_very_long_is_not_kept(self) -> None:
        kept = Translations(most_characters=1_000)
        kept.translate(text("select 1 as a"), {}, {})
        kept.translate(text(f"select '{'x' * 500}' as a"), {}, {})
        assert len(kept) == 1

    def test_the_same_made_again_counts_once(self) -> None:
        kept = Translations()
        sizes = set()
        for number in range(3):
            kept.translate(text("select f(a) from t"), TABLES, {"f": f"f_v{number}"})
            sizes.add(kept.characters)
        assert len(sizes) == 1


@pytest.fixture
def translation() -> Translation:
    return translate(text("select a + 1, f(a) from t where b > 0"), TABLES, {"f": "f_v1"}, ("f",))


def test_the_tree_says_what_the_sql_says(translation: Translation) -> None:
    assert translation.tree.sql("duckdb") == translation.sql
    assert translation.tree is translation.tree


def test_trees_are_of_their_own_tables(kept: Translations) -> None:
    query = "with u as (select a from t) select * from u join t using (a)"
    first = kept.translate(text(query), TABLES, {})
    assert first.tree.sql("duckdb") == first.sql
    again = kept.translate(text(query), {"t": "view_9"}, {})
    assert again.tree.sql("duckdb") == again.sql == first.sql.replace("view_1", "view_9")
    assert first.tree.sql("duckdb") == first.sql


def test_a_string_that_looks_like_the_place_of_a_table() -> None:
    for literal in ('"mlsql table 0"', "mlsql table 0", '"mlsql table 1"'):
        sql = translate(text(f"select '{literal}' as x from t"), TABLES, {}).sql
        assert sql == f"""SELECT '{literal}' AS x FROM "view_1" AS "t\""""


class TestTablesOfTheSystem:
    SYSTEM = {"system.jobs": "system_view", "t": "view_1"}  # noqa: RUF012

    @pytest.mark.parametrize(
        "query", ["select * from jobs", "select Jobs.id from JOBS", "select * from system.jobs"]
    )
    def test_need_no_schema(self, kept: Translations, query: str) -> None:
        assert kept.translate(text(query), self.SYSTEM, {}).views == {"system.jobs": "system_view"}

    def test_are_hidden_by_a_table_that_is_made_later(self, kept: Translations) -> None:
        query = text("select * from jobs join t on true")
        for _ in range(2):
            assert kept.translate(query, self.SYSTEM, {}).views == self.SYSTEM
            own = kept.translate(query, {**self.SYSTEM, "jobs": "own"}, {})
            assert own.views == {"jobs": "own", "t": "view_1"}

    def test_are_found_by_their_whole_name_whatever_hides_them(self, kept: Translations) -> None:
        tables = {**self.SYSTEM, "jobs": "own"}
        assert kept.translate(text("select * from system.jobs"), tables, {}).views == {"system.jobs": "system_view"}

    def test_a_subquery_of_the_name_hides_one(self, kept: Translations) -> None:
        assert kept.translate(text("with jobs as (select 1 a) select * from jobs"), self.SYSTEM, {}).views == {}
