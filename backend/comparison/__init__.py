"""Champion and challengers compared on live outcomes."""
