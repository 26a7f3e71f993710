"""From whatever shape a model's file has to a model document that says of every value where it came from."""
