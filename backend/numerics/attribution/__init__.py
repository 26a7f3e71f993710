"""Contributions of features to a prediction: Shapley values, exact where the model's structure is known."""
