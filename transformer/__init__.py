"""sc-transform: patched static calls and static keys for any C program."""

__version__ = "0.1.0"
