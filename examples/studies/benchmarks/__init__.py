r"""How fast the library is, beside what else computes the same numbers.

Run from the root of the repository::

    pip install -e ".[bench]"
    python -m examples.studies.benchmarks --full --folder runs \
        --page docs/explanation/benchmarks.md

Without ``--full`` everything is small, on scikit-learn's digits. This tests the
benchmarks but says nothing about speed.

With ``--against COMMIT``, whole jobs are timed instead, by this version of the library
and by that of a commit of this repository, each in its own process::

    python -m examples.studies.benchmarks --full --against a15dcdc \
        --page docs/explanation/benchmarks.md

All figures of one run come from one machine and one core. Every measurement has its own
process. They run one after another, with one thread of torch, OpenMP and BLAS, and with
denormal numbers set to zero. Times are CPU seconds (`time.process_time`), which depend
less on other work on the machine than wall time; wall time is reported too. Memory is
the peak of resident memory, minus the memory for the data, the network and the imported
libraries.

The other programs are called peers. They run as published. A peer that takes the data
in chunks gets the chunk size that is fastest for it. A peer whose accuracy is set by a
number of iterations gets the smallest number that is accurate from *every* start
vector, found by comparison with a reference in float64. A user does not have such a
reference. Neither does the library, which has to certify its own accuracy.

If a peer requires packages that do not match your torch (torchvision, for example),
install it with ``pip install --no-deps``. Peers that are not installed are left out,
and the table says so.
"""
