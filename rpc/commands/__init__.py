"""The command line, one file per command. `rpc/cli.py` finds them; `shared/` holds what several need."""
