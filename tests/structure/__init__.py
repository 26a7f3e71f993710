"""The shape of the code: who may name whose tables, how large things are, what things are called."""
