"""Response files: words from ``@file``, quoted as the compilers' drivers read them.

Blanks separate words; single and double quotes hold blanks; a backslash takes the
next character as it is, inside quotes of both kinds too.  A file may name further
files.  Facts: GCC's manual, "Overall Options", ``@file``; the corners by experiment.
"""

BLANKS = " \t\n\v\f\r"
DEEPEST = 2000  # files in all, where GCC's driver gives up


def expand(words: list[str], directory: str) -> "tuple[list[str], bool]":
    """``words`` with each ``@file`` replaced, and whether that came to an end.

    A file that cannot be read stays the word that it is.
    """
    if not any(word.startswith("@") for word in words):
        return list(words), True
    found: list[str] = []
    todo = words[::-1]
    left = DEEPEST
    while todo:
        word = todo.pop()
        content = _read(word[1:], directory) if word.startswith("@") else None
        if content is None:
            found.append(word)
            continue
        left -= 1
        if not left:
            return found + todo[::-1], False
        todo.extend(split(content)[::-1])
    return found, True


def _read(name: str, directory: str) -> "str | None":
    path = name if name.startswith("/") else f"{directory}/{name}"
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read().partition("\0")[0]
    except (OSError, ValueError):
        return None


def split(text: str) -> list[str]:
    """The words of a response file."""
    words: list[str] = []
    word: list[str] | None = None
    quote = ""
    taken = False
    for character in text:
        if taken:
            taken = False
        elif character == "\\":
            taken = True
            word = [] if word is None else word
            continue
        elif quote:
            if character == quote:
                quote = ""
                continue
        elif character in "'\"":
            quote = character
            word = [] if word is None else word
            continue
        elif character in BLANKS:
            if word is not None:
                words.append("".join(word))
            word = None
            continue
        if word is None:
            word = []
        word.append(character)
    if word is not None:
        words.append("".join(word))
    return words


def join(words: list[str]) -> str:
    """A response file's text with these words, one on each line."""
    return "".join(f"{_quoted(word)}\n" for word in words)


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
