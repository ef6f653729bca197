"""What the processes write down, and what they never do: one line each, without personal data, as JSON or as text.

Standard library only: gunicorn's master reads it before Django is there. What a line holds of people and enterprises is
at most an account's number. What looks like an ID number, a phone number, a mail address or a secret token is replaced
wherever it comes from; messages of exceptions, which may quote values, keep nothing but ASCII outside quotation marks.
"""

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from traceback import FrameSummary, TracebackException, extract_tb

request_id: ContextVar[str] = ContextVar("request_id", default="")

DIGIT, BREAK = r"\d", r"[\s\-]{0,2}"
PATTERNS = (
    ("…mail…", re.compile(r"[\w.+%-]+(?:@|＠|%40)[\w-]+(?:\.[\w-]+)+")),
    ("…id…", re.compile(rf"(?<!\d)(?:{DIGIT}{BREAK}){{17}}[\dXxＸｘ](?!\d)")),
    ("…id…", re.compile(r"(?<!\d)\d{15}(?!\d)")),
    ("…phone…", re.compile(rf"(?<!\d)(?:(?:\+|00)?86{BREAK})?1[3-9３-９](?:{BREAK}{DIGIT}){{9}}(?!\d)")),
    ("…phone…", re.compile(r"(?<!\d)0\d{2,3}-\d{7,8}(?!\d)")),
    # Chance's own letters: both cases and a digit in 20 or more. A content hash has one case and may stand.
    ("…secret…", re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[A-Za-z0-9_-]{20,}(?![\w-])")),
)
DETAIL = re.compile(r"^(DETAIL|CONTEXT|LINE \d+|详细信息|上下文|第\d+行).*(\n\s*\^)?", re.MULTILINE)
QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|“[^”\n]*”|«[^»\n]*»|\([^()\n]*\)=\([^()\n]*\)")
WORDS_OF_PEOPLE = re.compile(r"[^\x00-\x7f]+")
SENT = re.compile(r"(?<=request )/\S*|(?<=ip=)\S+")
FACTS = ("method", "route", "status", "ms", "user")


def scrub(text: str) -> str:
    """The text without ID numbers, phone numbers, mail addresses and secret tokens."""
    for instead, pattern in PATTERNS:
        text = pattern.sub(instead, text)
    return text


def scrub_quotation(text: str) -> str:
    """An exception's own message without the values it may quote."""
    return scrub(WORDS_OF_PEOPLE.sub("…", QUOTED.sub("'…'", DETAIL.sub("", text)))).strip()


def told(error: BaseException | None, seen: frozenset[int] = frozenset()) -> list[str]:
    """An exception and those before it, line by line: where, which line of code, what type, what it says scrubbed."""
    if error is None or id(error) in seen:
        return []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = told(cause, seen | {id(error)})
    lines += [_frame(frame) for frame in extract_tb(error.__traceback__)]
    said = scrub_quotation("; ".join(TracebackException(type(error), error, None).format_exception_only()))
    lines.append(said.replace("\n", " ") if isinstance(error, SyntaxError) else _named(error))
    for inner in getattr(error, "exceptions", ()):
        lines += told(inner, seen | {id(error)})
    return lines


def _named(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    said = scrub_quotation(str(error)).replace("\n", " ")
    return f"{name}: {said}" if said else name


def _frame(frame: FrameSummary) -> str:
    return f"{frame.filename}:{frame.lineno} {frame.name}: {frame.line}"


class Scrubbed(logging.Formatter):
    """A line of text; several for an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line; what is handed over stays as it was."""
        facts = " ".join(f"{name}={value}" for name, value in facts_of(record).items())
        head = f"{self.formatTime(record)} {record.levelname} {record.name}: {message_of(record)}"
        error = record.exc_info[1] if record.exc_info else None
        return "\n  ".join([f"{head} {facts}".strip(), *told(error)])


class JsonLines(logging.Formatter):
    """One JSON object on one line: time, level, logger, message and, where there is one, request and exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, in ASCII: no character of a value ends the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
        } | facts_of(record)
        if record.exc_info and record.exc_info[1]:
            line["exception"] = told(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)


def message_of(record: logging.LogRecord) -> str:
    """The record's message, scrubbed; of a request's path only that there was one, since it may hold a secret."""
    try:
        said = record.getMessage()
    except (TypeError, ValueError):
        said = str(record.msg)
    request = getattr(record, "request", None)
    for path in {getattr(request, "path", ""), getattr(request, "path_info", "")} - {"", "/"}:
        said = said.replace(path, "…path…")
    if record.name == "gunicorn.error":  # it quotes what it was sent
        said = SENT.sub("…", QUOTED.sub("'…'", said))
    return scrub(said)


def facts_of(record: logging.LogRecord) -> dict[str, object]:
    """The request a record belongs to and, in the request log's own lines, what became of it."""
    known = {"request": request_id.get()} | {name: getattr(record, name, None) for name in FACTS}
    return {name: value for name, value in known.items() if isinstance(value, int | str) and value != ""}


def log_uncaught(kind: type[BaseException], error: BaseException, trace) -> None:
    """What ends a process goes into the log like everything else, not past it."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logging.getLogger("cqo_portal").critical("The process ends", exc_info=(kind, error, trace))


def configuration(style: str) -> dict:
    """The logging of every process, for ``logging.config.dictConfig``; ``style`` is ``json`` or ``text``."""
    formatter = {"json": JsonLines, "text": Scrubbed}[style]
    loud = ("cqo_portal", "registry.jobs", "registry.outbox", "registry.filecheck", "django_tasks", "gunicorn.error")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {name: {"handlers": [], "level": "INFO", "propagate": True} for name in loud}
        | {
            # The request log has a line for each refusal already; a 500 comes with its traceback.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.request": {"level": "ERROR"},
            # fontTools and WeasyPrint narrate every font; faults still come through.
            "fontTools": {"level": "ERROR"},
            "weasyprint": {"level": "ERROR"},
        },
    }
