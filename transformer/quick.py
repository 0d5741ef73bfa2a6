"""A leaf: the quick look at a file that most files need only; it imports nothing."""

#: what every idiom word holds, in either profile
HOLDS = (b"static_call", b"static_branch", b"static_key", b"_STATIC_CALL", b"_STATIC_KEY",
         b"SC_DYNAMIC", b"dynamic_function_")  # fmt: skip


def may_hold_idioms(text: bytes) -> bool:
    """False only where no idiom word can be in ``text``, cut by the end of a line or not."""
    return _holds(text) or (b"\\" in text and _holds(_joined(text)))


def _holds(text: bytes) -> bool:
    return any(word in text for word in HOLDS)


def _joined(text: bytes) -> bytes:
    """Without each backslash that ends a line; blanks may follow it there."""
    first, *rest = text.split(b"\\")
    parts = [first]
    for part in rest:
        line = part.lstrip(b" \t")
        cut = 1 if line[:1] == b"\n" else 2 if line[:2] == b"\r\n" else 0
        parts.append(line[cut:] if cut else b"\\" + part)
    return b"".join(parts)
