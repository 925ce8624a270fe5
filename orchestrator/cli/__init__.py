"""The command line: one file per command, heavy rooms imported only by the command that needs them."""
