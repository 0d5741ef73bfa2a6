"""The same examples in every run, none kept on disk, and as many as `make test` has time for."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "test",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("test")
