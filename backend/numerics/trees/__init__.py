"""Decision-tree ensembles as plain arrays, and readers that make them from a file's bytes."""
