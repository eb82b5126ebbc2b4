r"""How far the answers can be trusted, measured.

Run from the root of the repository::

    python -m examples.studies.trust --full --folder runs --jobs 2 \
        --page docs/explanation/trust.md

Without ``--full`` everything is small: three networks on scikit-learn's digits, in a
minute. With it, 35 pairs of data and network take hours. The result of every run is
stored in the folder, so an interrupted study can be continued.
"""
