"""The corpus: cases are found, built, run in the emulator and held against the oracle."""

from transformer.corpus.case import Case, find_cases, read_case
from transformer.corpus.results import CaseResult, Failure, VerifyReport
from transformer.corpus.verify import verify

__all__ = ["Case", "CaseResult", "Failure", "VerifyReport", "find_cases", "read_case", "verify"]
