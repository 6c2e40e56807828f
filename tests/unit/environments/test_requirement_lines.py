"""requirements.txt as pip reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.environments.requirement_lines import read_requirements
from unit.environments.written import refusal, write


def test_packages_in_one_form_without_comments(tmp_path: Path) -> None:
    text = (
        "# all\nNumPy >= 2 , <3  # new\nscikit_learn[Extra]==1.5\n\nrequests \\\n  >=2\nb ; python_version<'3.12'\n"
    )
    wanted = read_requirements(write(tmp_path, "requirements.txt", text))
    assert wanted.requirements == (
        "numpy<3,>=2",
        "scikit-learn[Extra]==1.5",
        "requests>=2",
        'b; python_version < "3.12"',
    )
    assert wanted.source == str(tmp_path / "requirements.txt")


def test_includes_start_from_their_own_folder(tmp_path: Path) -> None:
    write(tmp_path, "base/more.txt", "six\n-c limits.txt\n")
    write(tmp_path, "base/limits.txt", "numpy<3\n-r stricter.txt\n")
    write(tmp_path, "base/stricter.txt", "six<2\n")
    wanted = read_requirements(
        write(tmp_path, "requirements.txt", "-r base/more.txt\n--constraint=base/limits.txt\n")
    )
    assert wanted.requirements == ("six",)
    assert wanted.constraints == ("numpy<3", "six<2", "numpy<3", "six<2")


def test_options_with_long_names_and_absolute_paths(tmp_path: Path) -> None:
    write(tmp_path, "wheels/here", "")
    text = "-i https://a/simple\n--extra-index-url=https://b/simple\n-f wheels\n-f https://c/d\n--no-index\n--pre\n--pre\nsix"
    wanted = read_requirements(write(tmp_path, "requirements.txt", text))
    assert wanted.options == (
        ("--index-url", "https://a/simple"),
        ("--extra-index-url", "https://b/simple"),
        ("--find-links", str(tmp_path / "wheels")),
        ("--find-links", "https://c/d"),
        ("--no-index", ""),
        ("--pre", ""),
    )


def test_hashes_stay_behind_their_package(tmp_path: Path) -> None:
    text = "six==1.17.0 \\\n  --hash=sha256:bb \\\n  --hash=sha256:aa\n"
    wanted = read_requirements(write(tmp_path, "requirements.txt", text))
    assert wanted.requirements == ("six==1.17.0 --hash=sha256:aa --hash=sha256:bb",)


def test_local_packages_have_absolute_paths(tmp_path: Path) -> None:
    write(tmp_path, "packages/a-1.whl", "")
    write(tmp_path, "b/pyproject.toml", "")
    write(tmp_path, "b/setup.py", "")
    text = f"packages/a-1.whl\n./b[all]\n-e ./b[all]\nfile://{tmp_path}/b\n-e git+https://h/r@v1#egg=x\nhttps://h/x-1.whl\n"
    wanted = read_requirements(write(tmp_path, "requirements.txt", text))
    assert wanted.requirements == (
        f"{tmp_path}/packages/a-1.whl",
        f"{tmp_path}/b[all]",
        f"--editable {tmp_path}/b[all]",
        f"{tmp_path}/b",
        "--editable git+https://h/r@v1#egg=x",
        "https://h/x-1.whl",
    )
    assert wanted.local == (
        tmp_path / "packages/a-1.whl",
        tmp_path / "b",
        tmp_path / "b/pyproject.toml",
        tmp_path / "b/setup.py",
        tmp_path / "b",
    )


def test_variables_are_left_to_whoever_installs(tmp_path: Path) -> None:
    text = "--index-url https://${USER}:${TOKEN}@host/simple\nsix\n"
    wanted = read_requirements(write(tmp_path, "requirements.txt", text))
    assert wanted.options == (("--index-url", "https://${USER}:${TOKEN}@host/simple"),)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "six\nnumpy=1.0  # one\n",
            "error[ENVIRONMENT_FILE]: 'numpy=1.0' is no requirement: expected semicolon (after name with no "
            "version specifier) or end\n --> <folder>/requirements.txt:2:1\n"
            "  |\n2 | numpy=1.0  # one\n  | ^^^^^^^^^\n"
            "  = help: such as numpy, numpy==2.1.0 or numpy>=2,<3",
        ),
        (
            "--indexurl x\n",
            "error[ENVIRONMENT_FILE]: '--indexurl' is no option that is known here\n"
            " --> <folder>/requirements.txt:1:1\n  |\n1 | --indexurl x\n  | ^^^^^^^^^^^^\n"
            "  = help: did you mean '--index-url'?",
        ),
        (
            "--pre yes\n",
            "error[ENVIRONMENT_FILE]: the option --pre takes no value\n"
            " --> <folder>/requirements.txt:1:1\n  |\n1 | --pre yes\n  | ^^^^^^^^^",
        ),
        (
            "  -r\n",
            "error[ENVIRONMENT_FILE]: the option --requirement has no value\n"
            " --> <folder>/requirements.txt:1:3\n  |\n1 |   -r\n  |   ^^",
        ),
        (
            "-r other.txt\n",
            "error[FILE_NOT_FOUND]: there is no file <folder>/other.txt\n"
            " --> <folder>/requirements.txt:1:1\n  |\n1 | -r other.txt\n  | ^^^^^^^^^^^^",
        ),
        (
            "-r https://host/r.txt\n",
            "error[ENVIRONMENT_FILE]: 'https://host/r.txt' is an address: only files are included\n"
            " --> <folder>/requirements.txt:1:1\n  |\n1 | -r https://host/r.txt\n  | ^^^^^^^^^^^^^^^^^^^^^",
        ),
        (
            "-r requirements.txt\n",
            "error[ENVIRONMENT_FILE]: <folder>/requirements.txt includes itself\n"
            " --> <folder>/requirements.txt:1:1\n  |\n1 | -r requirements.txt\n  | ^^^^^^^^^^^^^^^^^^^",
        ),
        (
            "./nothing\n",
            "error[ENVIRONMENT_FILE]: there is no <folder>/nothing\n"
            " --> <folder>/requirements.txt:1:1\n  |\n1 | ./nothing\n  | ^^^^^^^^^",
        ),
        (
            "six --global-option=x\n",
            "error[ENVIRONMENT_FILE]: '--global-option=x' behind a package is not known here\n"
            " --> <folder>/requirements.txt:1:1\n  |\n1 | six --global-option=x\n  | ^^^^^^^^^^^^^^^^^^^^^\n"
            "  = help: --hash=sha256:… is",
        ),
        (
            "a @ file:///a.whl\n",
            "error[ENVIRONMENT_FILE]: 'a @ file:///a.whl' names a file by an address\n"
            " --> <folder>/requirements.txt:1:1\n  |\n1 | a @ file:///a.whl\n  | ^^^^^^^^^^^^^^^^^\n"
            "  = help: give its path: ./package.whl",
        ),
        (
            "--index-url https://me:geheim@host/ --pre\nnumpy=1\n",
            "error[ENVIRONMENT_FILE]: 'numpy=1' is no requirement: expected semicolon (after name with no version "
            "specifier) or end\n --> <folder>/requirements.txt:2:1\n  |\n2 | numpy=1\n  | ^^^^^^^\n"
            "  = help: such as numpy, numpy==2.1.0 or numpy>=2,<3",
        ),
    ],
)
def test_what_is_wrong_is_shown_where_it_stands(tmp_path: Path, text: str, error: str) -> None:
    assert refusal(read_requirements, write(tmp_path, "requirements.txt", text)) == error


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "latin.txt").write_bytes(b"# \xe4\n")
    assert (
        refusal(read_requirements, tmp_path / "none.txt")
        == "error[FILE_NOT_FOUND]: there is no file <folder>/none.txt"
    )
    assert refusal(read_requirements, tmp_path / "folder.txt") == (
        "error[UNREADABLE_FILE]: the file <folder>/folder.txt cannot be read: Is a directory"
    )
    assert refusal(read_requirements, tmp_path / "latin.txt") == (
        "error[ENCODING]: the file <folder>/latin.txt is not UTF-8 text"
    )
