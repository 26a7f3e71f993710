"""`tiltyard resume`, beside its counterpart."""

from rpc.commands.halt import resume as command

__all__ = ["command"]
