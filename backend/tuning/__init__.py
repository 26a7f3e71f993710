"""Fine-tuning jobs: a base model, a dataset and hyperparameters become a new version."""
