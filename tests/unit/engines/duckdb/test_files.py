"""Files as tables: Spark's options, names, types and folders."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.engines.duckdb.files import inline_json_file, json_query, resolve
from mlsql_engine.engines.requests import CsvLoad, InlineJsonLoad, JsonLoad, LibsvmLoad, ParquetLoad
from unit.engines.duckdb.sessions import VECTOR, EngineSession, dense, sparse


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def refused(session: EngineSession, options: Any, place: Any) -> MlsqlError:
    with pytest.raises(MlsqlError) as raised:
        session.load(options, place)
    return raised.value


_TOO_MANY = "FILE, line 4: 3 values where the lines before have 2"


class TestCsv:
    @pytest.mark.parametrize(
        ("options", "text", "columns", "rows"),
        [
            (CsvLoad(), "1,x\n2,y\n", ["_c0", "_c1"], [("1", "x"), ("2", "y")]),
            (CsvLoad(header=True), "a,b\n1,x\n2,\n", ["a", "b"], [("1", "x"), ("2", None)]),
            (CsvLoad(header=True), "a,b\n", ["a", "b"], []),
            (CsvLoad(header=True), "a,b\r\n1,x\r\n", ["a", "b"], [("1", "x")]),
            (CsvLoad(header=True), "\ufeffa,b\n1,x\n", ["a", "b"], [("1", "x")]),
            (CsvLoad(header=True), 'a,b\n1,"x\ny"\n', ["a", "b"], [("1", "x\ny")]),
            (CsvLoad(header=True), "a b,ü\n1, x \n", ["a b", "ü"], [("1", " x ")]),
            (CsvLoad(header=True, delimiter=";"), "a;b\n1;x,y\n", ["a", "b"], [("1", "x,y")]),
            (CsvLoad(header=True, delimiter="\\t"), "a\tb\n1\tx\n", ["a", "b"], [("1", "x")]),
            (CsvLoad(header=True, delimiter="||"), "a||b\n1||x\n", ["a", "b"], [("1", "x")]),
            (CsvLoad(header=True, quote="'"), "a,b\n1,'x,y'\n", ["a", "b"], [("1", "x,y")]),
            (CsvLoad(header=True, quote=""), 'a,b\n1,"x\n', ["a", "b"], [("1", '"x')]),
            (CsvLoad(header=True), 'a,b\n1,"x""y"\n', ["a", "b"], [("1", 'x"y')]),
            (CsvLoad(header=True, escape="\\"), 'a,b\n1,"x\\"y"\n', ["a", "b"], [("1", 'x"y')]),
            (CsvLoad(header=True, null_value="NA"), "a,b\n1,NA\n2,\n", ["a", "b"], [("1", None), ("2", "")]),
            (CsvLoad(header=True, comment="#"), "a,b\n#c,d\n1,x\n", ["a", "b"], [("1", "x")]),
        ],
    )
    def test_options(
        self,
        session: EngineSession,
        tmp_path: Path,
        options: CsvLoad,
        text: str,
        columns: list[str],
        rows: list[Any],
    ) -> None:
        assert session.load(options, written(tmp_path / "a.csv", text)) == (columns, rows)

    @pytest.mark.parametrize(
        ("encoding", "python"),
        [
            ("utf-8", "utf-8"),
            ("UTF8", "utf-8"),
            ("latin-1", "latin-1"),
            ("ISO-8859-1", "latin-1"),
            ("utf-16", "utf-16"),
        ],
    )
    def test_encoding(self, session: EngineSession, tmp_path: Path, encoding: str, python: str) -> None:
        file = written(tmp_path / "a.csv", "a,b\n1,é\n", python)
        assert session.load(CsvLoad(header=True, encoding=encoding), file)[1] == [("1", "é")]

    def test_types_are_those_of_all_rows(self, session: EngineSession, tmp_path: Path) -> None:
        text = "i,d,t,b,day,other\n" + "1,1.5,x,true,2020-01-31,31/01/2020\n" * 2
        options = CsvLoad(header=True, infer_schema=True)
        columns, rows = session.load(options, written(tmp_path / "a.csv", text))
        assert rows == [(1, 1.5, "x", True, date(2020, 1, 31), "31/01/2020")] * 2
        assert columns == ["i", "d", "t", "b", "day", "other"]
        late = written(tmp_path / "late.csv", "a\n" + "1\n" * 30_000 + "x\n")
        assert session.load(options, late)[1][-1] == ("x",)

    @pytest.mark.parametrize(
        ("options", "text", "code", "message"),
        [
            (CsvLoad(quote="ab"), "a\n", "BAD_VALUE", "the option 'quote' is one character, not 'ab'"),
            (CsvLoad(escape="ab"), "a\n", "BAD_VALUE", "the option 'escape' is one character, not 'ab'"),
            (CsvLoad(encoding="ebcdic"), "a\n", "BAD_VALUE", "the option 'encoding' cannot be 'ebcdic'"),
            (CsvLoad(), "", "NO_ROWS", "FILE is empty: there are no columns to tell"),
            (CsvLoad(), "\n \n", "NO_ROWS", "FILE is empty: there are no columns to tell"),
            (CsvLoad(header=True), "a,b\n1,2\n3,4\n5,6,7\n", "DATA", _TOO_MANY),
            (CsvLoad(header=True, infer_schema=True), "a,b\n1,2\n3,4\n5,6,7\n", "DATA", _TOO_MANY),
            (CsvLoad(), "1,2\n3,4\n3,4\n5,6,7\n", "DATA", _TOO_MANY),
            (
                CsvLoad(header=True),
                "a,b\n1,x,3\n2,y\n",
                "DATA",
                "FILE, line 2: 3 values where the lines before have 2",
            ),
            (
                CsvLoad(header=True),
                'a,b\n1,"x\n2,y\n',
                "DATA",
                "FILE, line 2: a quote is not closed, or something follows the closing one",
            ),
            (
                CsvLoad(header=True),
                "a,b\r\n1,2\n3,4\r\n",
                "DATA",
                "FILE cannot be read as csv",
            ),
        ],
    )
    def test_refused(
        self, session: EngineSession, tmp_path: Path, options: CsvLoad, text: str, code: str, message: str
    ) -> None:
        file = written(tmp_path / "a.csv", text)
        error = refused(session, options, file)
        assert (error.code, error.message) == (code, message.replace("FILE", str(file)))

    def test_the_wrong_encoding_says_so(self, session: EngineSession, tmp_path: Path) -> None:
        error = refused(session, CsvLoad(header=True), written(tmp_path / "a.csv", "a\né\n", "latin-1"))
        assert error.message.endswith("a.csv, line 2: the bytes are not in the file's encoding")
        assert error.hint == 'give it: where encoding="latin-1"'

    @pytest.mark.parametrize(
        ("options", "text", "columns", "rows"),
        [
            (CsvLoad(header=True), "a,b\n1\n3,4\n", ["a", "b"], [("1", None), ("3", "4")]),
            (CsvLoad(header=True), 'a,b\n1\n3,"x\ny"\n', ["a", "b"], [("1", None), ("3", "x\ny")]),
            (CsvLoad(header=True, infer_schema=True), "a,b\n1\n3,4\n", ["a", "b"], [(1, None), (3, 4)]),
            (CsvLoad(header=True), "1,2\na,b\nc,d\n", ["1", "2"], [("a", "b"), ("c", "d")]),
            (CsvLoad(header=True), "a,A,,b\n1,2,3,4\n", ["a0", "A1", "_c2", "b"], [("1", "2", "3", "4")]),
            (CsvLoad(header=True), '"a,""x""\ny",b\n1,2\n', ['a,"x"\ny', "b"], [("1", "2")]),
            (CsvLoad(header=True, delimiter="||", quote="'"), "'a||b'||c\n1||2\n", ["a||b", "c"], [("1", "2")]),
            (CsvLoad(header=True), "\n\na,b\n1,2\n", ["a", "b"], [("1", "2")]),
            (CsvLoad(header=True, comment="#"), "#x\n#y\na,b\n#z\n1,2\n", ["a", "b"], [("1", "2")]),
            (CsvLoad(header=True, comment="#"), "\n#y\na,b\n1,2\n", ["a", "b"], [("1", "2")]),
        ],
    )
    def test_rows_of_other_lengths_and_headers(
        self,
        session: EngineSession,
        tmp_path: Path,
        options: CsvLoad,
        text: str,
        columns: list[str],
        rows: list[Any],
    ) -> None:
        assert session.load(options, written(tmp_path / "a.csv", text)) == (columns, rows)

    def test_a_late_line_that_is_too_long_is_told_by_number(self, session: EngineSession, tmp_path: Path) -> None:
        file = written(tmp_path / "a.csv", "a,b\n" + "1,2\n" * 300_000 + "1,2,3\n")
        for infer_schema in (False, True):
            error = refused(session, CsvLoad(header=True, infer_schema=infer_schema), file)
            assert error.code == "DATA"
            assert error.message == f"{file}, line 300002: 3 values where the lines before have 2"

    def test_a_conflict_of_types_in_row_30002_is_text(self, session: EngineSession, tmp_path: Path) -> None:
        file = written(tmp_path / "a.csv", "a,b\n" + "1,2\n" * 30_000 + "x,2\n")
        assert session.load(CsvLoad(header=True, infer_schema=True), file)[1][-1] == ("x", 2)

    def test_part_files_have_one_header(self, session: EngineSession, tmp_path: Path) -> None:
        first = written(tmp_path / "part-0.csv", "a,b\n1,2\n")
        second = written(tmp_path / "part-1.csv", "b,a\n1,2\n")
        error = refused(session, CsvLoad(header=True), tmp_path)
        assert error.message == f"{second} has the header 'b,a', and {first} the header 'a,b'"

    def test_types_are_those_of_all_files(self, session: EngineSession, tmp_path: Path) -> None:
        written(tmp_path / "part-0.csv", "a\n1\n")
        written(tmp_path / "part-1.csv", "a\nx\n")
        assert session.load(CsvLoad(header=True, infer_schema=True), tmp_path) == (["a"], [("1",), ("x",)])


class TestFolders:
    def test_part_files_in_order_without_the_hidden(self, session: EngineSession, tmp_path: Path) -> None:
        for name, text in (
            ("part-00001.csv", "b"),
            ("part-00000.csv", "a"),
            ("_SUCCESS", ""),
            (".part.crc", "junk"),
        ):
            written(tmp_path / "f" / name, text)
        written(tmp_path / "f/_temporary/x.csv", "junk")
        written(tmp_path / "f/.hidden/x.csv", "junk")
        for place in (
            tmp_path / "f",
            f"{tmp_path}/f/",
            f"{tmp_path}/f/part-*.csv",
            f"{tmp_path}/f/*",
            f"{tmp_path}/*",
        ):
            assert session.load(CsvLoad(), place) == (["_c0"], [("a",), ("b",)]), place

    def test_empty_part_files_are_passed_over(self, session: EngineSession, tmp_path: Path) -> None:
        written(tmp_path / "part-0.csv", "")
        written(tmp_path / "part-1.csv", "a\n1\n")
        assert session.load(CsvLoad(header=True), tmp_path) == (["a"], [("1",)])

    def test_partition_folders_are_columns(self, session: EngineSession, tmp_path: Path) -> None:
        for number in (1, 2):
            written(tmp_path / f"k={number}/part-0.csv", f"x\n{number}0\n")
        assert session.load(CsvLoad(header=True), tmp_path) == (["x", "k"], [("10", 1), ("20", 2)])

    def test_names_with_the_signs_of_patterns(self, session: EngineSession, tmp_path: Path) -> None:
        strange = written(tmp_path / "we[1]rd" / "a*b?'.csv", "a\n")
        written(tmp_path / "we[1]rd" / "axbx'.csv", "b\n")
        assert session.load(CsvLoad(), strange)[1] == [("a",)]
        assert session.load(CsvLoad(), tmp_path / "we[1]rd")[1] == [("a",), ("b",)]

    @pytest.mark.parametrize(
        ("place", "hint"),
        [
            ("a.cvs", "did you mean 'a.csv'?"),
            ("sub/part-0000.csv", "did you mean 'part-00000.csv'?"),
            ("nope/a.csv", "there is no folder {0}/nope either"),
        ],
    )
    def test_a_missing_file(self, session: EngineSession, tmp_path: Path, place: str, hint: str) -> None:
        written(tmp_path / "a.csv", "a\n")
        written(tmp_path / "sub/part-00000.csv", "a\n")
        written(tmp_path / "sub/_SUCCESS", "")
        for options in (CsvLoad(), JsonLoad(), ParquetLoad(), LibsvmLoad()):
            error = refused(session, options, tmp_path / place)
            assert (error.code, error.message) == ("FILE_NOT_FOUND", f"there is no file {tmp_path / place}")
            assert error.hint == hint.format(tmp_path)

    def test_a_pattern_of_no_file(self, session: EngineSession, tmp_path: Path) -> None:
        error = refused(session, CsvLoad(), tmp_path / "*.json")
        assert (error.code, error.message) == ("FILE_NOT_FOUND", f"no file matches {tmp_path}/*.json")
        assert error.hint is None

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(MlsqlError, match="has no data files") as raised:
            resolve(str(tmp_path))
        assert raised.value.code == "FILE_NOT_FOUND"


class TestJson:
    def test_lines(self, session: EngineSession, tmp_path: Path) -> None:
        text = '{"a":1,"b":"x","c":{"d":[1,2]},"e":[{"f":1}]}\n\n{"a":2,"z":1.5}\n'
        columns, rows = session.load(JsonLoad(), written(tmp_path / "a.json", text))
        assert columns == ["a", "b", "c", "e", "z"]
        assert rows == [(1, "x", {"d": [1, 2]}, [{"f": 1}], None), (2, None, None, None, 1.5)]

    @pytest.mark.parametrize(
        "text", ['[{"a":1},{"a":2}]', ' [{"a":1},\n{"a":2}]', '{"a":1}\n{"a":2}', '\ufeff[{"a":1},{"a":2}]']
    )
    def test_arrays_and_lines(self, session: EngineSession, tmp_path: Path, text: str) -> None:
        file = written(tmp_path / "a.json", text)
        for options in (JsonLoad(), JsonLoad(multi_line=True)):
            assert session.load(options, file) == (["a"], [(1,), (2,)])

    def test_arrays_beside_lines(self, session: EngineSession, tmp_path: Path) -> None:
        written(tmp_path / "part-0.json", '{"a":1}\n{"a":2}\n')
        written(tmp_path / "part-1.json", '[{"a":3},\n{"a":4}]')
        assert session.load(JsonLoad(), tmp_path) == (["a"], [(1,), (2,), (3,), (4,)])

    def test_one_value_over_many_lines_needs_its_option(self, session: EngineSession, tmp_path: Path) -> None:
        error = refused(session, JsonLoad(), written(tmp_path / "a.json", '{\n"a":\n1}'))
        assert error.hint == 'is it one value over many lines? then: where multiLine="true"'

    def test_what_rows_in_no_file_are_called(self, tmp_path: Path) -> None:
        import duckdb

        path = inline_json_file("1", tmp_path)
        with duckdb.connect() as connection, pytest.raises(MlsqlError) as raised:
            json_query(connection, [path], JsonLoad(), "the variable 'rows'")
        assert raised.value.message == "the variable 'rows', line 1: this is no JSON object"
        with pytest.raises(MlsqlError) as raised:
            inline_json_file(" ", tmp_path, "the variable 'rows'")
        assert raised.value.message == "the variable 'rows' has no rows"

    def test_one_value_over_many_lines(self, session: EngineSession, tmp_path: Path) -> None:
        file = written(tmp_path / "a.json", '{\n"a":\n1}')
        assert session.load(JsonLoad(multi_line=True), file) == (["a"], [(1,)])

    def test_types_are_sparks(self, session: EngineSession, tmp_path: Path) -> None:
        text = (
            '{"day":"2020-01-01","time":"2020-01-01 10:00:00","id":"b5c1c6e0-0b0b-4b0b-8b0b-0b0b0b0b0b0b",'
            '"none":null,"mixed":1,"list":[1,"x"],"deep":{"day":"2020-01-01"}}\n{"mixed":"x"}\n'
        )
        relation = session.bind("t", JsonLoad(), written(tmp_path / "a.json", text))
        types = {field.name: str(field.type) for field in session.engine.schema(relation)}
        texts = dict.fromkeys(("day", "time", "id", "none", "mixed"), "string")
        assert {name: types[name] for name in texts} == texts
        assert session.rows("select mixed, list, deep.day as day, day as d from t") == [
            ("1", ["1", "x"], "2020-01-01", "2020-01-01"),
            ("x", None, None, None),
        ]

    def test_keys_and_types_of_late_rows(self, session: EngineSession, tmp_path: Path) -> None:
        file = written(tmp_path / "a.json", '{"a":1}\n' * 25_000 + '{"a":1.5,"z":2}\n')
        assert session.load(JsonLoad(), file)[1][-1] == (1.5, 2)

    def test_many_keys_are_a_struct(self, session: EngineSession, tmp_path: Path) -> None:
        text = "".join(f'{{"m":{{"k{number}":{number}}}}}\n' for number in range(300))
        session.bind("t", JsonLoad(), written(tmp_path / "a.json", text))
        assert session.rows("select max(m.k299) as x from t") == [(299,)]

    @pytest.mark.parametrize(
        ("text", "code", "message"),
        [
            ("", "NO_ROWS", "FILE is empty: there are no columns to tell"),
            (" \n", "NO_ROWS", "FILE is empty: there are no columns to tell"),
            ("[]", "NO_ROWS", "FILE is empty: there are no columns to tell"),
            ("{}\n{}\n", "NO_ROWS", "FILE is empty: there are no columns to tell"),
            ('{"a":1}\n{"a":\n', "DATA", "FILE, line 2: malformed JSON: unexpected end of data"),
            ('{"a":1}\n2\n', "DATA", "FILE, line 2: this is no JSON object"),
            ("[1, 2]", "DATA", "FILE, value 1: this is no JSON object"),
            ('[{"a":1}, "x"]', "DATA", "FILE, value 2: this is no JSON object"),
        ],
    )
    def test_refused(self, session: EngineSession, tmp_path: Path, text: str, code: str, message: str) -> None:
        file = written(tmp_path / "a.json", text)
        error = refused(session, JsonLoad(), file)
        assert (error.code, error.message) == (code, message.replace("FILE", str(file)))

    def test_inline(self, session: EngineSession) -> None:
        for text in ('{"a":1}\n{"a":2}', '\n [{"a":1},{"a":2}] ', '{"a":1}\n\n{"a":2}\n'):
            assert session.load(InlineJsonLoad(), text) == (["a"], [(1,), (2,)])
        assert refused(session, InlineJsonLoad(), "  \n").message == "the text has no rows"
        malformed = refused(session, InlineJsonLoad(), "nope").message
        assert malformed == "the text, line 1: malformed JSON: invalid literal"


class TestParquet:
    def test_plain(self, session: EngineSession, tmp_path: Path) -> None:
        pq.write_table(pa.table({"a": [1, 2], "b": ["x", None]}), tmp_path / "a.parquet")
        assert session.load(ParquetLoad(), tmp_path / "a.parquet") == (["a", "b"], [(1, "x"), (2, None)])

    def test_vectors_of_other_programs(self, session: EngineSession, tmp_path: Path) -> None:
        rows = [
            {"v": dense(1.0), "l": [sparse(3, {1: 2.0}), None], "s": {"v": dense(2.0)}},
            {"v": None, "l": None, "s": {"v": None}},
        ]
        schema = pa.schema([("v", VECTOR), ("l", pa.list_(VECTOR)), ("s", pa.struct([("v", VECTOR)]))])
        pq.write_table(pa.Table.from_pylist(rows, schema), tmp_path / "a.parquet")
        relation = session.bind("t", ParquetLoad(), tmp_path / "a.parquet")
        assert session.rows(relation) == [tuple(row.values()) for row in rows]
        query = "select vec_array(v) as a, vec_size(l[0]) as b, vec_array(s.v) as c from t"
        assert session.rows(query) == [([1.0], 3, [2.0]), (None, None, None)]

    def test_a_struct_that_is_no_vector(self, session: EngineSession, tmp_path: Path) -> None:
        kind = pa.struct([("type", pa.int64()), ("size", pa.int32())])
        pq.write_table(pa.table({"v": pa.array([{"type": 1, "size": 2}], kind)}), tmp_path / "a.parquet")
        session.bind("t", ParquetLoad(), tmp_path / "a.parquet")
        assert session.rows("select v.type as t from t") == [(1,)]

    def test_refused(self, session: EngineSession, tmp_path: Path) -> None:
        file = written(tmp_path / "a.parquet", "this is not a parquet file at all")
        error = refused(session, ParquetLoad(), file)
        assert (error.code, error.message) == ("DATA", f"{file} is not a parquet file")


def test_a_pipe_is_a_file(session: EngineSession, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert resolve(str(tmp_path / "pipe")) == [str(tmp_path / "pipe")]
