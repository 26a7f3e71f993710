"""The command line, one file per command. `rpc/cli.py` lists them."""
