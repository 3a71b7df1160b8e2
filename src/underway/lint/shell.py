"""Shell scripts in a container's command: who gets SIGTERM, and how long a script sleeps.

Owns a rough reading: words and operators, no expansion. Which shells replace themselves by their last command was measured:
bash and busybox do for `sh -c 'X'` and `sh -c 'a && X'`, dash (Debian's sh) never does.
"""

import enum
import re
import shlex
from collections.abc import Iterator, Sequence

import msgspec

SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
REPLACING = frozenset({"bash", "ash", "busybox"})  # shells that become their last command
INITS = frozenset({"tini", "dumb-init", "catatonit", "docker-init"})
WRAPPERS = frozenset({"npm", "yarn", "pnpm", "nodemon", "pipenv", "poetry", "gradle", "gradlew", "mvn", "mvnw"})
WRAPPING = (("flask", "run"), ("go", "run"), ("manage.py", "runserver"))
# What only prepares, so that a command before the last one is not the program itself.
PRELUDE = frozenset({"cd", "export", "set", "source", ".", "mkdir", "umask", "ulimit", "echo", "test", "[", "true", "cp", "ln"})
COMPOUND = frozenset({"while", "for", "until", "if", "case", "{", "(", "done", "fi", "esac", "}", ")"})
BEFORE_A_COMMAND = frozenset({"then", "else", "do", "{", "(", ")"})  # within a compound; ")" ends a pattern of case
_CONTINUED = re.compile(r"\\\n")
_COMMENT = re.compile(r"(?m)^\s*#.*$")  # of a whole line; behind a command # may be in quotation marks
_SUBSTITUTION = re.compile(r"\$\([^()]*\)|`[^`]*`")  # the innermost
SUBSTITUTIONS_MAX = 16  # one within the other


class Script(msgspec.Struct, frozen=True):
    """A script and its shell ("busybox" for busybox sh). grouped: an init process sends signals to the whole group."""

    shell: str
    text: str
    grouped: bool = False


class Fate(enum.Enum):
    """What SIGTERM does to the program of a script."""

    REACHED = "it reaches the program"
    DEPENDS = "it depends on the shell: Debian's sh stays and takes it, Alpine's makes way"
    KEPT = "the shell keeps it"
    UNKNOWN = "unknown"


def base_name(word: str) -> str:
    """The last part of a path."""
    return word.rpartition("/")[2]


def script_of(argv: Sequence[str]) -> Script | None:
    """The script that a command runs by `sh -c`, also through env, busybox, tini and the like."""
    words = list(argv)
    grouped, shell = False, ""
    while words:
        name = base_name(words[0])
        if name in INITS:
            flags = [word for word in words[1:] if word.startswith("-")]
            grouped = grouped or name == "dumb-init" or "-g" in flags
            words = words[1:]
            while words and words[0].startswith("-"):
                words = words[1:]
        elif name == "env":
            words = words[1:]
            while words and ("=" in words[0] or words[0].startswith("-")):
                words = words[1:]
        elif name == "busybox":
            shell, words = "busybox", words[1:]
        else:
            break
    if len(words) < 3 or base_name(words[0]) not in SHELLS:
        return None
    for place, word in enumerate(words[1:], start=1):
        if word.startswith("-") and not word.startswith("--") and "c" in word:
            return Script(shell or base_name(words[0]), words[place + 1], grouped) if place + 1 < len(words) else None
        if not word.startswith("-"):
            return None
    return None


def _tokens(text: str) -> list[str] | None:
    """Words and operators, newlines as ";", $(...) as a part of a word; None if quotes do not match."""
    plain = _COMMENT.sub("", _CONTINUED.sub(" ", text))
    for _ in range(SUBSTITUTIONS_MAX):
        shorter = _SUBSTITUTION.sub("SUBSTITUTED", plain)
        if shorter == plain:
            break
        plain = shorter
    reader = shlex.shlex(plain.strip().replace("\n", " ; "), posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    reader.commenters = ""
    try:
        return list(reader)
    except ValueError:
        return None


def _members(tokens: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each command with the operator behind it, "" for the last."""
    words: list[str] = []
    for token in tokens:
        if token in (";", "&&", "||", "|", "&", ";;"):
            if words:
                yield token, words
            words = []
        else:
            words.append(token)
    if words:
        yield "", words


def fate_of_term(script: Script) -> Fate:
    """Whether SIGTERM reaches the program that a script starts."""
    tokens = _tokens(script.text)
    if not tokens:
        return Fate.UNKNOWN
    if script.grouped or _traps(tokens):
        return Fate.REACHED
    members = list(_members(tokens))
    operator, last = members[-1]
    if last[0] == "exec":
        return Fate.REACHED
    if _replaced_in_a_branch(tokens):
        return Fate.UNKNOWN
    before = [operator for operator, _ in members[:-1]]
    prepared = all(_prepares(words) for follows, words in members[:-1] if follows != "&&")
    if operator or "|" in before or "&" in before or "||" in before or COMPOUND & set(tokens) or not prepared:
        return Fate.KEPT
    if script.shell in REPLACING:
        return Fate.REACHED
    return Fate.KEPT if script.shell == "dash" else Fate.DEPENDS


def _replaced_in_a_branch(tokens: list[str]) -> bool:
    """Whether a branch of a compound ends in exec: which of them is taken is known only when it runs."""
    starts = [before in BEFORE_A_COMMAND or before in (";", "&&") for before in tokens]
    return bool(COMPOUND & set(tokens)) and any(first and word == "exec" for first, word in zip(starts, tokens[1:], strict=False))


def _traps(tokens: list[str]) -> bool:
    signals = {"TERM", "SIGTERM", "15", "EXIT"}
    traps = any(word == "trap" and signals & set(tokens[place + 2 : place + 6]) for place, word in enumerate(tokens))
    return traps and "wait" in tokens


def _prepares(words: list[str]) -> bool:
    return words[0] in PRELUDE or ("=" in words[0] and not words[0].startswith("="))


def wrapper_of(argv: Sequence[str]) -> str:
    """The launcher in front of a program, such as "npm", or ""."""
    names = [base_name(word) for word in argv]
    if names and names[0] in WRAPPERS:
        return names[0]
    for pair in WRAPPING:
        for place in range(min(len(names) - 1, 2)):
            if tuple(names[place : place + 2]) == pair:
                return " ".join(pair)
    return ""


def seconds_slept(argv: Sequence[str]) -> int:
    """How many seconds the `sleep`s of a command add up to; loops are not counted."""
    script = script_of(argv)
    tokens = (_tokens(script.text) if script else list(argv)) or []
    slept = 0.0
    for _, words in _members(tokens):
        if base_name(words[0]) == "sleep" and len(words) > 1:
            slept += _seconds(words[1])
    return int(slept)


def _seconds(text: str) -> float:
    factor = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    try:
        return float(text[:-1]) * factor if factor else float(text)
    except ValueError:
        return 0.0
