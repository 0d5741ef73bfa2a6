"""The idioms' words as users spell them, and the internal words of lowered text.

Each idiom word names the internal word that the rewriter splices in its place
(always shorter, so that columns can be kept).  Internal words are recognised
as declarations and definitions, so that rewritten text still makes sense to
the analysis, but they are no idioms: nothing replaces them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from transformer.frontend.lexing import occurrences
from transformer.quick import HOLDS

MARK = "__sc_at_"


class Word(NamedTuple):
    """One word: what it does and how the lowered headers call it.

    ``kind`` is define-call, declare-call, call, query, update, export,
    define-key, declare-key, guard, key-operation, dynamic, dynamic-operation
    or asm-call; ``variant`` tells the forms of a kind apart.
    """

    kind: str
    variant: str
    internal: str


def _key_words() -> dict[str, Word]:
    words = {}
    for truth in ("true", "false"):
        upper = truth.upper()
        for verb in ("define", "declare"):
            for array in (False, True):
                spelled = f"{verb.upper()}_STATIC_KEY_{'ARRAY_' if array else ''}{upper}"
                internal = f"__sc_{verb}_key_{'array_' if array else ''}{truth}"
                variant = f"{'array-' if array else ''}{truth}"
                words[spelled] = Word(f"{verb}-key", variant, internal)
        words[f"DEFINE_STATIC_KEY_{upper}_RO"] = Word(
            "define-key", f"{truth}-ro", f"__sc_define_key_{truth}_ro"
        )
    return words


WORDS: dict[str, Word] = {
    "static_call": Word("call", "call", "__sc_call"),
    "static_call_cond": Word("call", "cond", "__sc_call"),
    "static_call_query": Word("query", "", "__sc_query"),
    "static_call_update": Word("update", "", "__sc_update"),
    "DECLARE_STATIC_CALL": Word("declare-call", "", "__sc_declare_call"),
    "DEFINE_STATIC_CALL": Word("define-call", "plain", "__sc_define_call"),
    "DEFINE_STATIC_CALL_NULL": Word("define-call", "null", "__sc_define_call_null"),
    "DEFINE_STATIC_CALL_RET0": Word("define-call", "ret0", "__sc_define_call_ret0"),
    "EXPORT_STATIC_CALL": Word("export", "key", "__sc_export_call"),
    "EXPORT_STATIC_CALL_TRAMP": Word("export", "tramp", "__sc_export_call_tramp"),
    **_key_words(),
    "static_branch_likely": Word("guard", "likely", "__sc_likely"),
    "static_branch_unlikely": Word("guard", "unlikely", "__sc_unlikely"),
    "static_branch_enable": Word("key-operation", "enable", "__sc_key_enable"),
    "static_branch_disable": Word("key-operation", "disable", "__sc_key_disable"),
    "static_branch_inc": Word("key-operation", "inc", "__sc_key_inc"),
    "static_branch_dec": Word("key-operation", "dec", "__sc_key_dec"),
    "static_key_enabled": Word("key-operation", "enabled", "__sc_key_enabled"),
    "static_key_count": Word("key-operation", "count", "__sc_key_count"),
    "SC_DYNAMIC": Word("dynamic", "", "__sc_dynamic_key"),
    "dynamic_function_enable": Word("dynamic-operation", "enable", "__sc_dynamic_enable"),
    "dynamic_function_disable": Word("dynamic-operation", "disable", "__sc_dynamic_disable"),
}


def _linux_words() -> dict[str, Word]:
    """All but what Linux has not (dynamic functions) or has as plain functions."""
    absent = {"dynamic", "dynamic-operation"}
    words = {s: w for s, w in WORDS.items() if w.kind not in absent and s != "static_key_count"}
    for truth in ("TRUE", "FALSE"):
        variant, internal = f"{truth.lower()}-deferred", f"__sc_define_key_{truth.lower()}_deferred"
        words[f"DEFINE_STATIC_KEY_DEFERRED_{truth}"] = Word("define-key", variant, internal)
    for verb, read_only in (("define", ""), ("define", "_RO"), ("declare", "")):
        internal = f"__sc_{verb}_key_maybe{read_only.lower()}"
        words[f"{verb.upper()}_STATIC_KEY_MAYBE{read_only}"] = Word(
            f"{verb}-key", CONFIGURED, internal
        )
    for operation in ("enable", "disable", "inc", "dec"):
        internal = f"__sc_key_{operation}_locked"
        words[f"static_branch_{operation}_cpuslocked"] = Word("key-operation", operation, internal)
    return words | {
        "static_call_cond": Word("call", "cond", "__sc_call_cond"),
        "static_call_mod": Word("call", "mod", "__sc_call_mod"),
        "EXPORT_STATIC_CALL_GPL": Word("export", "key", "__sc_export_call_gpl"),
        "EXPORT_STATIC_CALL_TRAMP_GPL": Word("export", "tramp", "__sc_export_call_tramp_gpl"),
        "static_branch_maybe": Word("guard", CONFIGURED, "__sc_maybe"),
        "static_branch_deferred_inc": Word("key-operation", "inc", "__sc_key_inc_deferred"),
        "static_branch_slow_dec_deferred": Word("key-operation", "dec", "__sc_key_dec_deferred"),
        "static_key_slow_dec_deferred": Word("key-operation", "dec", "__sc_old_dec_deferred"),
        "static_key_deferred_flush": Word("key-operation", "flush", "__sc_key_flush"),
    }


#: The variant of a word whose first argument is a configuration's symbol, and its second the key.
CONFIGURED = "maybe"
#: Linux's own: the words that its headers define as macros (include/linux/static_call.h,
#: static_call_types.h, jump_label.h and jump_label_ratelimit.h, 6.1).
LINUX_WORDS = _linux_words()

#: The flag forms of guards, for operands that are no address constants.
FLAG_WORDS = {"likely": "__sc_flag_likely", "unlikely": "__sc_flag_unlikely"}

INTERNAL: dict[str, Word] = {
    word.internal: word
    for word in WORDS.values()
    if word.kind in ("define-call", "declare-call", "define-key", "declare-key")
}

#: How a key is called where calls are written as asm; only rewritten text holds these.
ASM_WORDS = {"value": "__sc_asm_call", "void": "__sc_asm_call_void"}
INTERNAL |= {word: Word("asm-call", variant, word) for variant, word in ASM_WORDS.items()}

#: What any idiom word holds, bare or marked, and the internal words that declare keys or calls.
_HOLDS = (*(word.decode() for word in HOLDS), "__sc_de", "__sc_asm_call")
_MARKED = re.compile(rf"{MARK}(\d{{1,18}})_(\w+)")


def may_stand(text: str) -> Iterator[int]:
    """Offsets of all idiom words in preprocessed text, and of others that look like them.

    In no order: who asks for one alone does not wait for the others.
    """
    return (at for word in _HOLDS for at in occurrences(text, word))


def marked(offset: int, spelling: str) -> str:
    """The name that ``spelling`` at byte ``offset`` of the user's file gets."""
    return f"{MARK}{offset}_{spelling}"


def unmark(name: str) -> tuple[str, int | None]:
    """The word and the offset that a name carries, if any."""
    found = _MARKED.fullmatch(name)
    return (found[2], int(found[1])) if found else (name, None)


def lookup(name: str) -> tuple[Word, int | None, bool] | None:
    """What ``name`` is: (word, offset in the user's file, internal), or None."""
    spelling, offset = unmark(name)
    if spelling in WORDS:
        return WORDS[spelling], offset, False
    if spelling in INTERNAL:
        return INTERNAL[spelling], None, True
    return None
