"""MLflow projects that are zip files and git repositories: real ones, on this machine's own file system."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from mlsql_engine import MlsqlError, Session
from workers.projects import SAVE, Project

pytestmark = pytest.mark.heavy


@pytest.fixture
def project(session: Session, tmp_path: Path) -> Project:
    made = Project(session, tmp_path)
    made.write('main: {parameters: {alpha: float}, command: "python train.py {alpha}"}', train=SAVE)
    return made


@pytest.fixture
def anyone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Git as somebody who has configured nothing."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "a")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@example.org")


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def commits(project: Project, anyone: None) -> list[str]:
    """The project's folder is a repository of two commits, of which the first has the tag v1."""
    git(project.place, "init", "-q", "-b", "trunk")
    first = commit(project.place, "one")
    git(project.place, "tag", "v1")
    project.write('main: {parameters: {beta: float}, command: "python train.py {beta}"}')
    return [first, commit(project.place, "two")]


def train(project: Project, path: str, options: str) -> list[dict[str, object]]:
    return project.run(f'train data as PythonAlg.`model` where pythonScriptPath="{path}" {options};')


def refused(project: Project, path: str, options: str = "") -> MlsqlError:
    with pytest.raises(MlsqlError) as caught:
        train(project, path, options)
    assert not (project.folder / "model").exists()
    return caught.value


def zipped(project: Project, below: str = "") -> Path:
    file = project.folder / "project.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for source in project.place.iterdir():
            archive.write(source, below + source.name)
    return file


@pytest.mark.parametrize(
    ("below", "path"),
    [("", "project.zip"), ("demo-1.0/", "project.zip"), ("a/b/", "project.zip#a/b")],
    ids=["top", "only-folder", "named-folder"],
)
def test_a_zip_file_is_a_project(project: Project, below: str, path: str) -> None:
    zipped(project, below)
    (row,) = train(project, path, "and fitParam.0.alpha='0.5'")
    assert row["status"] == "success"
    kept = project.folder / "model" / "_model_0" / "project"
    assert sorted(file.name for file in kept.iterdir()) == ["MLproject", "train.py"]


def test_what_is_wrong_with_the_project_of_a_zip_file_is_told_of_the_zip_file(project: Project) -> None:
    zipped(project, "inside/")
    error = refused(project, "project.zip#inside")
    assert error.message == "the entry point 'main' needs the parameter 'alpha'"
    error = refused(project, "project.zip#other", "and fitParam.0.alpha='1'")
    assert error.message == "project.zip has no folder 'other'"
    (project.place / "MLproject").write_text("name: demo\n")
    zipped(project)
    assert refused(project, "project.zip").message == "project.zip/MLproject cannot be used: it has no entry_points"


def test_a_file_that_is_no_zip_and_one_that_leads_outside_are_refused(project: Project) -> None:
    file = project.folder / "project.zip"
    file.write_bytes(b"PK no")
    assert refused(project, "project.zip").message == f"the zip file {file} cannot be read: File is not a zip file"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../outside.txt", "x")
    error = refused(project, "project.zip")
    assert error.message == f"the zip file {file} holds '../outside.txt', which is outside of it"
    file.unlink()
    error = refused(project, "project.zip")
    assert (error.code, error.message) == ("FILE_NOT_FOUND", f"there is no project {file}")


def test_a_repository_is_a_project_at_its_default_branch(project: Project, commits: list[str]) -> None:
    address = f"file://{project.place}"
    (row,) = train(project, address, "and fitParam.0.beta='1'")
    assert row["status"] == "success"
    manifest = project.manifest()
    assert manifest["project"]["source"] == {"name": address, "commit": commits[1]}
    assert sorted(manifest["code"]) == ["MLproject", "train.py"]


def test_projectversion_is_a_tag_a_branch_or_a_commit(project: Project, commits: list[str]) -> None:
    address = f"git+file://{project.place}"
    for number, version in enumerate(["v1", commits[0], commits[0][:9], "trunk"]):
        name = "beta" if version == "trunk" else "alpha"
        train(project, address, f"and fitParam.0.{name}='1' and projectVersion='{version}'")
        assert project.manifest(number)["project"]["source"]["commit"] == commits[version == "trunk"]


def test_a_version_that_is_not_there_is_told_at_the_option(project: Project, commits: list[str]) -> None:
    assert len(commits) == 2
    address = f"file://{project.place}"
    error = refused(project, address, "and projectVersion='v7'")
    assert error.code == "PROJECT_NOT_FETCHED"
    assert error.message == (
        f"the project {address} cannot be fetched in the version 'v7': fatal: couldn't find remote ref v7"
    )
    assert error.span is not None
    assert error.span.text == "'v7'"
    error = refused(project, address, "and projectVersion='--upload-pack=x'")
    assert error.message == "projectVersion cannot be '--upload-pack=x'"


def test_a_repository_that_is_not_there_is_told(project: Project, anyone: None) -> None:
    address = f"file://{project.folder}/nowhere"
    error = refused(project, address)
    assert error.code == "PROJECT_NOT_FETCHED"
    assert f"the project {address} cannot be fetched" in error.message


def test_a_folder_and_a_zip_file_have_no_versions(project: Project) -> None:
    error = refused(project, "project", "and projectVersion='v1'")
    assert error.message == (
        "projectVersion is the branch, tag or commit of a git repository, and the project is a folder"
    )
    zipped(project)
    error = refused(project, "project.zip", "and projectVersion='v1'")
    assert error.message == "a zip file has no versions: projectVersion is of git repositories"


def test_other_addresses_are_no_repositories(project: Project) -> None:
    assert refused(project, "ext::sh -c true").code == "FILE_NOT_FOUND"
