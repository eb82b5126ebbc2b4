r"""How the forecast of scores was learnt and judged, on public learning curves.

Run from the root of the repository::

    python -m examples.studies.forecast --curves lcdb11.npz --full --folder runs \
        --page docs/explanation/forecast_study.md

The curves are given by the user; without a file, the command says where they come from
and how the file has to look. Without ``--full`` everything is small, to test the study.
Results are stored in the folder after every part, so an interrupted study can be
continued. With a page, its tables are filled in.
"""
