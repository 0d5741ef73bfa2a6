"""The front door: one module for each subcommand, imported when it is used."""
