"""Outcomes that only some decisions reveal: what can be said of everyone, and what cannot (selective labels; Lakkaraju et al., KDD 2017)."""
