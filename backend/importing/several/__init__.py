"""Files that hold several models."""
