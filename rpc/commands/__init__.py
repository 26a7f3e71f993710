"""The command line, one file a command. `rpc/cli.py` lists them."""
