"""How fast the library is, beside what else computes the same numbers.

Run from the root of the repository::

    pip install -e ".[bench]"
    python -m examples.studies.benchmarks --full --folder runs --page docs/benchmarks.md

Without ``--full`` everything is small, on scikit-learn's digits: that shows that all
works and says nothing about speed.

All figures of one run come from one machine and one core: every measurement is made in
a process of its own with one thread of torch, OpenMP and BLAS, one after another, and
denormals flushed to zero for everyone. Seconds are CPU time (`time.process_time`),
which other work on the machine disturbs less than wall time; wall time stands beside
it. Memory is the peak of resident memory beyond what the data, the network and the
imported libraries take.

PyHessian and the others run as published. Peers without a chunk size of their own are
given the data in the chunks that are fastest for them; peers whose accuracy is a number
of iterations get the smallest number that reaches the accuracy from *every* start
vector, found by comparing with a reference in float64. A user has no such oracle; the
library gets none, and has to certify its own accuracy.

Where a peer insists on packages that do not fit your torch (torchvision, say), install
it with ``pip install --no-deps``. Peers that are not installed are left out, and the
results say so.
"""
