"""What a fit logs. Oracle: its curve."""

from __future__ import annotations

import logging
import subprocess
import sys

from tests.small import small

NAME = "sufficient"


def said(caplog, level):
    return [each.getMessage() for each in caplog.records if each.levelno == level]


def test_sizes_checkpoints_the_end_and_a_resume_are_logged(digits, caplog, tmp_path):
    with caplog.at_level(logging.DEBUG, logger=NAME):
        est = small(checkpoint=tmp_path).fit(*digits)
    info = said(caplog, logging.INFO)
    *sizes, end = info
    for n, score, text in zip(est.train_sizes_, est.score_curve_, sizes, strict=True):
        assert f"samples={n}," in text and f"score={score:.3f}" in text
    assert end == f"Complete at {est.train_sizes_[-1]} of {est.n_train_} samples"
    assert len(said(caplog, logging.DEBUG)) == len(est.train_sizes_)
    assert {each.name.partition(".")[0] for each in caplog.records} == {NAME}
    caplog.clear()
    with caplog.at_level(logging.INFO, logger=NAME):
        small(checkpoint=tmp_path).fit(*digits)
    assert said(caplog, logging.INFO)[0].startswith("Goes on from 4 batches")


def test_sizes_of_a_labelling_session_are_logged(digits, caplog):
    X, y = digits
    with caplog.at_level(logging.INFO, logger=NAME):
        small(refit=True).partial_fit(X, y)
    assert len(said(caplog, logging.INFO)) == 1


def test_nothing_is_printed_where_logging_is_not_configured():
    code = "import sufficient, logging; logging.getLogger('sufficient').error('x')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == done.stderr == ""
