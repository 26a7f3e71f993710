"""The procedures of datasets."""
