"""Export and import of logs in the layouts of other platforms."""
