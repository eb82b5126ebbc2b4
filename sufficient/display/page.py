"""The report of a fitted estimator as one page: the numbers in words, and pictures."""

from __future__ import annotations

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sufficient.display.figures import figures_of
from sufficient.report.page import (
    Section,
    answer_lines,
    details_of,
    page,
    sizes_of,
    summary_of,
)
from sufficient.report.parameters import (
    data_of,
    reproduction_of,
    settings_of,
    versions_of,
)
from sufficient.settings import Settings

__all__ = ["TITLE", "page_of"]

TITLE = "Is there enough training data?"


def page_of(
    estimator: BaseEstimator, *, title: str = TITLE, command: str | None = None
) -> str:
    """The report of a fitted estimator as HTML that needs no other file.

    Parameters
    ----------
    estimator : SampleSizeEstimator
        Fitted.
    title : str, default="Is there enough training data?"
        Heading of the page.
    command : str or None, default=None
        The command that asked the question; None shows Python.

    Returns
    -------
    str

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    """
    check_is_fitted(estimator)
    curve, settings = estimator.curve_, Settings.of(estimator)
    sections = [
        Section("summary", "Summary", summary_of(curve, settings)),
        Section("pictures", "Pictures", figures_of(curve)),
        Section("sizes", "Measured sizes", sizes_of(curve, settings)),
        Section("details", "Details", details_of(curve, settings)),
        Section("data", "Data and net", data_of(estimator)),
        Section("settings", "Settings", settings_of(estimator)),
        Section("versions", "Versions", versions_of()),
        Section("again", "How to ask again", reproduction_of(estimator, command)),
    ]
    return page(title, answer_lines(curve, settings)[0], sections)
