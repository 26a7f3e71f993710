"""Presets: model families that are trained here."""
