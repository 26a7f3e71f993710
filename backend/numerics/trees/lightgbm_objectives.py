"""LightGBM's objectives, by the meaning of their scores."""

PROBABILITIES = {"binary", "cross_entropy"}
"""Objectives with the probability of a class as score. The score of `cross_entropy_lambda` is an intensity, log(1 + exp(margin)), without an upper bound."""
