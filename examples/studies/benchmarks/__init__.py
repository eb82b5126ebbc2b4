"""How fast the library is, beside what else computes the same numbers.

Run from the root of the repository::

    pip install -e ".[bench]"
    python -m examples.studies.benchmarks --full --folder runs --page docs/explanation/benchmarks.md

Without ``--full`` everything is small, on scikit-learn's digits: that shows that all
works and says nothing about speed.

All figures of one run come from one machine and one core. Every measurement is made in
a process of its own, one after another, with one thread of torch, OpenMP and BLAS, and
with denormal numbers set to zero for all. Seconds are CPU time (`time.process_time`),
which other work on the machine disturbs less than wall time; wall time stands beside
it. Memory is the peak of resident memory beyond what the data, the network and the
imported libraries take.

PyHessian and the other peers run as published. A peer that takes the data in chunks is
given the size of chunk that is fastest for it. A peer whose accuracy is a number of
iterations is given the smallest number that is accurate from *every* start vector,
which is found by comparing with a reference in float64. A user has no such reference.
The library gets none either: it has to certify its own accuracy.

If a peer insists on packages that do not fit your torch (torchvision, say), install it
with ``pip install --no-deps``. Peers that are not installed are left out, and the table
says so.
"""
