"""A language model's help with an import: what it sees, its questions, the checks of its answer."""
