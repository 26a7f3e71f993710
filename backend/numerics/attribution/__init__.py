"""Which feature moved a prediction, and by how much: Shapley values, exact where the model's structure is known."""
