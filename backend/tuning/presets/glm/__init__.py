"""Regularised generalised linear models: logistic, linear and Poisson regression."""
