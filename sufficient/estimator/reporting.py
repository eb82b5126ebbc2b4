"""A fitted estimator as a page for a browser, and in a notebook."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from typing import Any

from sufficient.display.page import TITLE, page_of
from sufficient.estimator.answer import AnswerMixin
from sufficient.report.page import write_page

__all__ = ["ReportMixin"]


class ReportMixin(AnswerMixin):
    """Show the answer to others."""

    def report(
        self,
        path: str | os.PathLike[str],
        *,
        title: str = TITLE,
    ) -> Path:
        """Write the answer as a page that opens in any browser, without a network.

        One HTML file holds the answer, the summary, pictures, the measured sizes, the
        detailed summary, the parameters, versions, and how to ask again. Where
        matplotlib is not installed, it says so in place of the pictures.

        Parameters
        ----------
        path : str or path-like
            The file; one that is there is replaced.
        title : str, default="Is there enough training data?"
            Heading of the page.

        Returns
        -------
        Path
            Of the file.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> from sufficient import SampleSizeEstimator
        >>> from sufficient.datasets import load_digits_images
        >>> X, y = load_digits_images(n_samples=200)
        >>> est = SampleSizeEstimator(schedule=[2, 4], stop="never", random_state=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = est.fit(X, y).report(f"{folder}/report.html", title="Digits")
        ...     print(path.name, "Digits" in path.read_text(encoding="utf-8"))
        report.html True
        """
        return write_page(page_of(self, title=title), path)

    def _repr_html_inner(self) -> str:
        """The answer above scikit-learn's box; before a fit only the box."""
        box = super()._repr_html_inner()
        if not self.__sklearn_is_fitted__():
            return box
        return f"<p>{escape(self.summary().splitlines()[0])}</p>{box}"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        """The same for notebooks, which ask for it in this way."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] = self._repr_html_inner()
        return bundle
