"""Coverage: a site counts when its slot or flag was read, and only then."""

from __future__ import annotations

from corpus_cases import MakeCase, run

UNIT = """
#include <sc/static_call.h>
#include <sc/static_key.h>

int plus(int n) { return n + 1; }
DEFINE_STATIC_CALL(step, plus);
DEFINE_STATIC_KEY_FALSE(slow);

int go(int n)
{
	if (n > 100 && static_branch_unlikely(&slow))
		return 0;
	if (n == 50)
		return static_call(step)(
			n);
	return static_call(step)
		(n) + (int)sizeof(static_call(step)(n));
}
"""


def test_a_guard_behind_a_false_condition_was_not_executed(make_case: MakeCase) -> None:
    toml = 'units = ["unit.c"]\n[[step]]\ncall = "go(1)"\n'
    result = run(make_case(toml, unit=UNIT))[0]
    assert result.status == "pass", result
    told = [s.split(": ", 1)[1] for s in result.unexecuted]
    assert "guard &slow" in told
    assert any(s.startswith("unit.c:14:") for s in result.unexecuted), result.unexecuted


def test_what_was_executed_is_not_listed(make_case: MakeCase) -> None:
    toml = 'units = ["unit.c"]\n[[step]]\ncall = "go(1)"\n[[step]]\ncall = "go(101)"\n'
    toml += '[[step]]\ncall = "go(50)"\n'
    result = run(make_case(toml, unit=UNIT))[0]
    lines = {int(s.split(":")[1]) for s in result.unexecuted}
    assert lines <= {17}, "only the operand of sizeof, which C does not evaluate"
