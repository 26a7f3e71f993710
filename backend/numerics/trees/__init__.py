"""Decision-tree ensembles as plain arrays, and the readers that make them from a file's bytes."""
