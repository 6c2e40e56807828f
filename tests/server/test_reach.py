"""Ways out of the folders that scripts may touch: each is tried."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlsql_engine import MlsqlError, SilentProgress, connect
from mlsql_engine.core.settings import Settings
from mlsql_engine.core.span import Source
from mlsql_engine.session import Session, check

TOUCH = "scripts may not touch this path here"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, a script, and links that lead out of it; beside it a file with a secret."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.csv").write_text("s\nsecret\n")
    root = outside / "root"
    (root / "parts").mkdir(parents=True)
    (root / "a.csv").write_text("a,b\n1,2\n")
    (root / "parts" / "a.csv").write_text("s\n1\n")
    (root / "parts" / "link.csv").symlink_to(outside / "secret.csv")
    (root / "link.csv").symlink_to(outside / "secret.csv")
    (root / "up").symlink_to(outside)
    (root / "out.mlsql").write_text("load csv.`/etc/passwd` as x;")
    (root / "in.mlsql").write_text('load csv.`a.csv` where header="true" as x;')
    return root


@pytest.fixture(scope="module")
def session(root: Path) -> Iterator[Session]:
    settings = Settings(shell=False, roots=(root,))
    with connect(settings=settings, progress=SilentProgress()) as session:
        session.run('load csv.`a.csv` where header="true" as ok;', folder=root)
        session.run('connect jdbc where url="jdbc:sqlite:shop.db" as shop;', folder=root)
        session.run("save overwrite ok as jdbc.`shop.t`;", folder=root)
        yield session


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("load csv.`/etc/passwd` as t;", "`/etc/passwd`"),
        ("load csv.`../secret.csv` as t;", "`../secret.csv`"),
        ("load csv.`link.csv` as t;", "`link.csv`"),
        ("load csv.`up/secret.csv` as t;", "`up/secret.csv`"),
        ("load csv.`*/secret.csv` as t;", "`*/secret.csv`"),
        ("load csv.`parts` as t;", "`parts`"),
        ("load csv.`parts/l*.csv` as t;", "`parts/l*.csv`"),
        ("load csv.`u*/../../secret.csv` as t;", "`u*/../../secret.csv`"),
        ("load csv.`~/t.csv` as t;", "`~/t.csv`"),
        ("load csv.`/proc/self/environ` as t;", "`/proc/self/environ`"),
        ("load json.`/etc/passwd` as t;", "`/etc/passwd`"),
        ("load parquet.`/etc/passwd` as t;", "`/etc/passwd`"),
        ("load libsvm.`/etc/passwd` as t;", "`/etc/passwd`"),
        ("load script.`/etc/passwd` as t;", "`/etc/passwd`"),
        ("load modelHistory.`/etc` as t;", "`/etc`"),
        ("!model `/etc` versions;", "`/etc`"),
        ("save overwrite ok as csv.`../out.csv`;", "`../out.csv`"),
        ("save overwrite ok as csv.`up/out.csv`;", "`up/out.csv`"),
        ("save append ok as parquet.`/tmp/out`;", "`/tmp/out`"),
        ("include file.`/etc/passwd`;", "`/etc/passwd`"),
        ("include file.`out.mlsql`;", "`/etc/passwd`"),
        ("include project.`../../x`;", "`../../x`"),
        ('train ok as SKLearn.`/tmp/m` where alg="SVC";', "`/tmp/m`"),
        ('train ok as SKLearn.`file:///tmp/m` where alg="SVC";', "`file:///tmp/m`"),
        ('train ok as PythonAlg.`m` where pythonScriptPath="/etc/x.py";', '"/etc/x.py"'),
        ("register PythonAlg.`/tmp/m` as f;", "`/tmp/m`"),
        ("predict ok as PythonAlg.`/tmp/m`;", "`/tmp/m`"),
        ('connect jdbc where url="jdbc:sqlite:/tmp/x.db" as c;', "/tmp/x.db"),
        ("set p = '/etc/passwd' where scope='request'; load csv.`${p}` as t;", "`${p}`"),
    ],
)
def test_a_path_outside_is_refused_where_it_is_written(session: Session, root: Path, text: str, place: str) -> None:
    with pytest.raises(MlsqlError) as caught:
        session.run(text, folder=root)
    error = caught.value
    assert (error.code, error.message) == ("NOT_ALLOWED", TOUCH)
    assert error.span is not None
    assert error.span.text == place


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("set a = 'ls' where type='shell';", "NOT_ALLOWED", "commands of the shell are not run here"),
        ("include http.`http://127.0.0.1/x`;", "NOT_ALLOWED", "scripts are not included over HTTP here"),
        ("load modelParams.`s3://b/c` as t;", "NOT_ALLOWED", "scripts may not reach s3://b/c here"),
        (
            'connect jdbc where url="jdbc:postgresql://a:1,b/x" as c;',
            "NOT_ALLOWED",
            "scripts may not reach jdbc:postgresql://a:1/x here",
        ),
        (
            'train ok as SKLearn.`m` where alg="SVC" and `kafkaParam.bootstrap.servers`="a:1,b:2";',
            "NOT_ALLOWED",
            "scripts may not reach kafka://a:1 here",
        ),
        (
            'train ok as SKLearn.`m` where alg="SVC" and systemParam.pythonPath="/bin/sh";',
            "NOT_ALLOWED",
            "scripts may not run '/bin/sh' here",
        ),
        (
            'train ok as SKLearn.`m` where alg="SVC" and systemParam.pythonPath="bash";',
            "NOT_ALLOWED",
            "scripts may not run 'bash' here",
        ),
        ("select * from csv.`/etc/passwd` as t;", "UNKNOWN_TABLE", "there is no table 'csv./etc/passwd'"),
        ("select * from `/etc/passwd` as t;", "UNKNOWN_TABLE", "there is no table '/etc/passwd'"),
        ("select * from '/etc/passwd' as t;", "UNKNOWN_TABLE", "there is no table '/etc/passwd'"),
        (
            "select * from read_text('/etc/passwd') as t;",
            "UNKNOWN_TABLE_FUNCTION",
            "there is no table function 'read_text'",
        ),
        (
            "create table q as select * from read_csv('/etc/passwd');",
            "UNKNOWN_TABLE_FUNCTION",
            "there is no table function 'read_csv'",
        ),
        (
            "set z = `select content from read_text('/etc/passwd')` where type='sql';",
            "UNKNOWN_TABLE_FUNCTION",
            "there is no table function 'read_text'",
        ),
        ("create table q using csv options (path '/etc/passwd');", "SYNTAX", "'using' is not expected here"),
        ("copy ok to '/tmp/x';", "SYNTAX", "no statement starts with 'copy'"),
        (
            "set enable_external_access = 'true' where type='conf';",
            "UNKNOWN_SETTING",
            "there is no setting 'enable_external_access'",
        ),
        (
            "load jdbc.`shop` where query=\"select load_extension('/tmp/x')\" as t;",
            "SQL",
            "sqlite refuses the query: not authorized",
        ),
        (
            "load jdbc.`shop` where query=\"select 1; attach '/tmp/q.db' as q\" as t;",
            "SQL",
            'sqlite refuses the query: near ";": syntax error',
        ),
    ],
)
def test_other_ways_out_are_no_ways(session: Session, root: Path, text: str, code: str, message: str) -> None:
    with pytest.raises(MlsqlError) as caught:
        session.run(text, folder=root)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_what_is_inside_works(session: Session, root: Path) -> None:
    table = session.run(
        "include file.`in.mlsql`; save overwrite x as parquet.`made/t`; load parquet.`made/t` as t;"
        " load jdbc.`shop.t` as u; select t.a, u.b from t join u on t.a = u.a as both;",
        folder=root,
    )
    assert table is not None
    assert table.to_arrow().to_pylist() == [{"a": "1", "b": "2"}]


def test_a_root_that_is_a_link_is_what_it_leads_to(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    folder = tmp_path / "link"
    with connect(settings=Settings(roots=(folder,)), progress=SilentProgress()) as session:
        table = session.run("load csv.`a.csv` as t;", folder=folder)
        assert table is not None
        assert table.to_arrow().num_rows == 2


def test_the_engine_itself_is_kept_to_the_folders(session: Session) -> None:
    import duckdb

    with session._state.engine._database.cursor() as cursor:  # type: ignore[attr-defined]
        with pytest.raises(duckdb.PermissionException):
            cursor.execute("SELECT * FROM read_text('/etc/passwd')")
        with pytest.raises(duckdb.PermissionException):
            cursor.execute(f"COPY (SELECT 1) TO '{os.path.realpath('/tmp')}/mlsql-never.csv'")


def test_check_tells_of_paths_outside(root: Path) -> None:
    source = Source("s", "load csv.`/etc/passwd` as t;", root)
    found = check(source, settings=Settings(roots=(root,)))
    assert [(problem.code, problem.message) for problem in found] == [("NOT_ALLOWED", TOUCH)]
