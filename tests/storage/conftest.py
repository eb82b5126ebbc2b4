"""A checkpoint that is kept between tests, and a copy to spoil."""

from __future__ import annotations

import shutil

import pytest

from tests.storage.fits import fit, stepwise


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    folder = tmp_path_factory.mktemp("begun")
    fit(stepwise(checkpoint=folder))
    return folder


@pytest.fixture
def checkpoint(begun, tmp_path):
    return shutil.copytree(begun, tmp_path / "checkpoint")
