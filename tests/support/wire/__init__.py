"""An application of procedures made for tests of the wire."""
