"""Tells what a run of ``verify`` found: text and HTML for people, JSON and JUnit for programs.

Each function gives the whole text; the caller writes it.
"""

from transformer.report.html import html_text
from transformer.report.json import json_text
from transformer.report.junit import junit_text
from transformer.report.text import plain_text

__all__ = ["html_text", "json_text", "junit_text", "plain_text"]
