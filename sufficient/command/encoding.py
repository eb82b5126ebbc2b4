"""From the columns of a table to numbers of one scale."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sufficient.inputs import FARTHEST

__all__ = ["encoder_for"]


def encoder_for(features: pd.DataFrame) -> Pipeline:
    """An encoder, not yet fitted, for columns of the kinds that a table has.

    Missing numbers become the median, with a column that marks them; numbers are
    standardised, and clipped at ten standard deviations. Of skrub's `TableVectorizer`:
    up to 40 texts become a column each, more are encoded by their parts, dates become
    year, month, day and so on.

    Parameters
    ----------
    features : DataFrame
        Columns of which numbers are float64.

    Returns
    -------
    Pipeline

    Raises
    ------
    ImportError
        If there are other columns than numbers, and skrub is not installed.
    """
    others = list(features.select_dtypes(exclude="number"))
    return make_pipeline(_vectorizer(others) if others else _numbers())


def _numbers():
    imputer = SimpleImputer(
        strategy="median", add_indicator=True, keep_empty_features=True
    )
    clip = FunctionTransformer(np.clip, kw_args={"a_min": -FARTHEST, "a_max": FARTHEST})
    return make_pipeline(imputer, StandardScaler(), clip)


def _vectorizer(others):
    try:
        from skrub import DatetimeEncoder, StringEncoder, TableVectorizer
    except ImportError as error:
        raise ImportError(
            f"Columns {others} are not numeric. Encoding them needs skrub, which is "
            'not installed. Run: pip install "sufficient-data[tables]", or leave the '
            "columns out with --drop."
        ) from error
    return TableVectorizer(
        numeric=_numbers(),
        datetime=make_pipeline(DatetimeEncoder(), _numbers()),
        high_cardinality=StringEncoder(random_state=0),
    )
