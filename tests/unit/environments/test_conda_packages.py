"""Packages of conda as packages of pip."""

from __future__ import annotations

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.environments.conda_packages import as_requirement, name_of, version_of


@pytest.mark.parametrize(
    ("spec", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=1.14.3", "numpy==1.14.3.*"),
        ("numpy =1.14", "numpy==1.14.*"),
        ("numpy=1.14.*", "numpy==1.14.*"),
        ("numpy==1.14.3", "numpy==1.14.3"),
        ("numpy 1.14.3", "numpy==1.14.3"),
        ("numpy 1.14.*", "numpy==1.14.*"),
        ("numpy=1.14*", "numpy==1.14.*"),
        ("numpy>=1.14, <2", "numpy<2,>=1.14"),
        ("numpy >=1.14,!=1.15", "numpy!=1.15,>=1.14"),
        ("numpy~=1.14", "numpy~=1.14"),
        ("numpy=1.14.3=py36_0", "numpy==1.14.3.*"),
        ("numpy==1.14.3=py36_0", "numpy==1.14.3"),
        ("numpy 1.14.3 py36_0", "numpy==1.14.3"),
        ("conda-forge::numpy=1.14", "numpy==1.14.*"),
        ("https://host/channel::numpy=1.14", "numpy==1.14.*"),
        ("pytorch=2.1", "torch==2.1.*"),
        ("Py-OpenCV", "opencv-python"),
    ],
)
def test_as_requirement(spec: str, requirement: str) -> None:
    assert as_requirement(spec) == requirement


@pytest.mark.parametrize("spec", ["numpy=1|2", "numpy[version='>=1']", "numpy (>=1)", "numpy=a"])
def test_what_only_conda_understands(spec: str) -> None:
    with pytest.raises(MlsqlError) as caught:
        version_of(spec)
    assert caught.value.render() == (
        f"error[ENVIRONMENT_FILE]: '{spec}' means something to conda only\n"
        '  = help: write it as name, name=1.2, name==1.2.3 or name>=1.2,<2; or use systemParam.envManager="conda"'
    )


def test_what_is_no_package() -> None:
    with pytest.raises(MlsqlError) as caught:
        name_of("=1.0")
    assert caught.value.message == "'=1.0' is no package of conda's"
