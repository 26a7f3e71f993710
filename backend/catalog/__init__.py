"""Models, versions, artifacts, model documents."""
