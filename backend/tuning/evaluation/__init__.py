"""What a trained model is worth: figures, charts, threshold, fairness, profile, document and model card, for every preset."""
