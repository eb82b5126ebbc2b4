r"""Does a forecast of each class hold, and is the right class named first?

Run from the root of the repository::

    python -m examples.studies.classes --full --folder runs \
        --page docs/how_to/which_class.md

A default fit is given some data, and another one twice as many. The truth is the mean
recall of each class on a large test set, over the seeds. Without ``--full`` everything
is small, to test the study. Fits are stored, so an interrupted study can be continued.
"""
