"""The compiler launcher: the outer layer that stands in front of a compiler.

What runs for each unit of a build imports nothing but ``os``, ``sys`` and builtin
modules; a unit that has idioms pays for the rest.
"""
