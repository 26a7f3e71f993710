"""The audit log: who changed what, in a chain that shows tampering."""
