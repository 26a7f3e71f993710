"""Figures for outcomes that only some decisions reveal (selective labels; Lakkaraju et al., KDD 2017)."""
