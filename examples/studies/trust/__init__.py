"""How far the answers can be trusted, measured.

Small by default, on digits and in a minute; ``--full`` runs 35 pairs of data and
network for hours. Every run is kept in ``--folder``: a study that is stopped goes on
from there, and tables are made anew from what is kept.
"""
