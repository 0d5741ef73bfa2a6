"""``sc-transform cc``: the compiler first, exactly as it was given; then what is ours to do."""

from transformer.launcher import light as os
from transformer.launcher import process
from transformer.launcher.commandline import CommandLine, parse
from transformer.launcher.detect import NO_IDIOM, concerned, holds_idioms
from transformer.launcher.masquerade import inside, program_behind
from transformer.launcher.process import Interrupted, die, leave, say
from transformer.launcher.record import Record
from transformer.launcher.settings import Settings, Wrong, settle, take
from transformer.launcher.state import State, plain_headers, whole_python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

NAME = "sc-transform"
WRONG, USAGE = 1, 2
ALONE = ("print", "preprocess", "syntax")  # stages that make no code


def main(program: str, words: list[str], front: str = "passed") -> "NoReturn":
    """Runs one command line; the process ends here.

    ``program`` is the name that the user called: any other than our own is a
    masquerading link, and the command is the next program of that name.
    ``front`` is what became of it before: "new" (there is no front yet, or it is out
    of date), "passed" (not a command line for it) or "compiled" (the compiler has run,
    and signals are blocked).
    """
    try:
        status = _run(program, words, front)
    except Wrong as e:
        say(f"error: {e} [-Wsc-launcher]")
        status = USAGE
    except Interrupted as e:
        die(e.number)
    except KeyboardInterrupt:
        die(2)
    except OSError as e:
        if os.environ.get("SC_DEBUG"):
            raise
        say(f"error: {e.filename or 'input or output'}: {e.strerror} [-Wsc-launcher]")
        status = WRONG
    except Exception as e:
        if os.environ.get("SC_DEBUG"):
            raise
        say(f"error: internal error: {type(e).__name__}: {e} (SC_DEBUG=1 shows where)")
        status = WRONG
    leave(status)


def _run(program: str, words: list[str], front: str) -> int:
    name = program.rpartition("/")[2]
    own, words = take(words)
    if name.startswith(NAME) or not program:
        words = words[1:]
        if not words or words[0] in ("--help", "-h"):
            return _help(bool(words))
    else:
        words = [program_behind(program), *words]
    if inside(words[0]):
        process.replace(words)
    state = State(os.environ)
    directory = os.getcwd()
    command = parse(words, directory, os.environ)
    settings = settle(own, os.environ, _folder(command, directory), state)
    if settings.profile == "sc":
        headers = plain_headers(state, os.environ)
        _offer_headers(headers)
        if front == "new":
            from transformer.launcher.renewing import renew

            renew(state, os.environ)
    record = Record(settings.log, directory, words)
    return Launch(command, settings, state, record, front == "compiled").run()


def _folder(command: CommandLine, directory: str) -> str:
    """Where the search for a configuration starts: beside the first source."""
    if not command.sources:
        return directory
    folder = os.path.join(directory, os.path.dirname(command.sources[0].path))
    if ".." in folder:
        from os.path import normpath

        return normpath(folder)
    return folder


def _offer_headers(folder: str) -> None:
    """``#include <sc/…>`` works without -I: what the user names is searched first."""
    path = os.environ.get("CPATH")
    os.setenv("CPATH", f"{path}:{folder}" if path else folder)


def _help(asked: bool) -> int:
    from transformer.launcher.usage import USAGE_TEXT

    os.write(1 if asked else 2, USAGE_TEXT.encode())
    return 0 if asked else USAGE


class Launch:
    """One command line on its way."""

    def __init__(
        self,
        command: CommandLine,
        settings: Settings,
        state: State,
        record: Record,
        compiled: bool,
    ) -> None:
        self.compiled = compiled
        self.command = command
        self.settings = settings
        self.state = state
        self.record = record

    def run(self) -> int:
        command = self.command
        words = command.words
        if command.reason or not command.family:
            return self._pass(words, command.reason or "unknown compiler")
        if command.stage in ALONE:
            return self._pass(words, command.stage)
        if command.stage == "link":
            from transformer.launcher.link import with_runtime

            words = with_runtime(command, self.settings, self.state)
        if not command.sources:
            return self._pass(words, "link" if words is command.words else "link with the runtime")
        return self._compile(words)

    def _pass(self, words: list[str], reason: str) -> int:
        """The compiler alone; it takes this process over where no log waits for it."""
        if self.compiled:
            return 0
        stdin = reason == "stdin" and self.command.stage not in ALONE
        if not self.settings.log and not stdin:
            process.replace(words)
        process.watch()
        status = self.record.timed("plain", lambda: process.run(words))
        if stdin and holds_idioms(self.command.output or "-.o"):
            say("warning: what is compiled from standard input stays plain [-Wsc-launcher]")
        self.record.end("passed", reason, status)
        return status

    def _compile(self, words: list[str]) -> int:
        process.watch(blocked=self.compiled)
        if not self.compiled:
            status = self.record.timed("plain", lambda: process.run(words))
            if status:
                self.record.end("passed", "the compiler failed", status)
                return status
        units = concerned(self.command, self.settings)
        if not units:
            for source in self.command.sources:
                self.record.unit(source.path, self.command.object_of(source), "skipped", NO_IDIOM)
            self.record.end("skipped", NO_IDIOM, 0)
            return 0
        whole_python()
        from transformer.launcher.transform import Transform

        return Transform(self.command, self.settings, self.state, self.record, words).run(units)
