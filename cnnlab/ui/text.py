"""User text on its way to the screen: the one escape function, and numbers as people read them.

Every dataset name, class name, file name and run name goes through `escape` before it meets Markdown:
a class named like a Markdown image made requests to another host by being looked at. Numbers carry
their unit here, so that every page writes them alike. This module never imports Streamlit.
"""

import re
from datetime import datetime

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#+\-!|~$&:]|(?<=\d)[.)](?=\s|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_READ_AFTER_MARKDOWN = re.compile(r"(:(?=[\w/])|(?<=\w)@|www(?=\.)|<(?=-)|-(?=[->]))", re.IGNORECASE)
"""Icon and emoji codes, bare addresses and arrows: looked for when backslashes are gone already."""
_PERCENT = re.compile(r"(?<=\d) %")
_WORD_JOINER = "\u2060"
"""It has no width and keeps letters apart in the eyes of a program only."""


def escape(text: object, *, limit: int = 300) -> str:
    """Make any text safe to put into Markdown: it is shown letter by letter, on one line.

    Markdown, HTML, formulas, colours, icons, emoji codes and links all lose their meaning. Text that goes
    into `st.text`, `st.code`, a data frame or a select box needs no escaping.

    Args:
        text: Whatever came from a user or a file.
        limit: Longer text ends in an ellipsis after so many characters.
    """
    plain = _READ_AFTER_MARKDOWN.sub(rf"\1{_WORD_JOINER}", shorten(str(text), limit=limit))
    return _SPECIAL.sub(r"\\\g<0>", plain)


def shorten(text: str, *, limit: int) -> str:
    """Put text on one line without control characters, at most `limit` characters long."""
    line = _CONTROL.sub(" ", text.encode("utf-8", errors="replace").decode("utf-8")).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def unbroken(text: str) -> str:
    """Keep numbers and the percent sign after them on one line, where a sentence wraps."""
    return _PERCENT.sub("\u00a0%", text)


def count(number: float | None) -> str:
    """Write a whole number with separators: 304810 -> '304,810'."""
    return "–" if number is None else f"{number:,.0f}"


def counted(number: int, noun: str, *, plural: str | None = None) -> str:
    """Write a number with its noun: 1 -> '1 picture', 2 -> '2 pictures'."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def percent(share: float | None, *, digits: int = 1) -> str:
    """Write a share of 0 to 1 as percent: 0.9123 -> '91.2 %'."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def decimal(number: float | None, *, digits: int = 3) -> str:
    """Write a number with a fixed count of digits, so that columns line up: 0.1 -> '0.100'."""
    return "–" if number is None else f"{number:.{digits}f}"


def small(number: float | None) -> str:
    """Write a number that may be tiny, such as a learning rate: 1e-05 -> '1e-5', 0.001 -> '0.001'."""
    if number is None:
        return "–"
    if number == 0 or abs(number) >= 1e-3:
        return f"{number:.3g}"
    return re.sub(r"\.?0*e-0?", "e-", f"{number:.2e}")


def file_size(num_bytes: float | None) -> str:
    """Write bytes with a unit: 1536000 -> '1.5 MB'. Units are decimal, as disks are sold."""
    if num_bytes is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB"):
        if abs(num_bytes) < 1000 or unit == "GB":
            break
        num_bytes /= 1000
    return (
        f"{num_bytes:,.0f} {unit}" if unit in ("B", "kB") or num_bytes >= 100 else f"{num_bytes:,.1f} {unit}"
    )


def duration(seconds: float | None) -> str:
    """Write a time span: 4 -> '4 s', 75 -> '1 min 15 s', 3725 -> '1 h 2 min'."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s" if seconds % 1 else f"{seconds:.0f} s"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def about(seconds: float) -> str:
    """Write a time span that is only estimated, no finer than it is known: 73.2 -> 'about 1 min 10 s'."""
    if seconds < 1:
        return "less than 1 s"
    if seconds < 59.5:
        return f"about {seconds:.0f} s"
    if seconds < 595:
        minutes, rest = divmod(round(seconds / 10) * 10, 60)
        return f"about {minutes} min {rest} s" if rest else f"about {minutes} min"
    if seconds < 7200:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"


def ago(moment: datetime, *, now: datetime | None = None) -> str:
    """Say how long ago something was: 'just now', '5 min ago', '3 h ago', then the date."""
    now = now or datetime.now(moment.tzinfo)
    seconds = (now - moment).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    if seconds < 24 * 3600:
        return f"{seconds // 3600:.0f} h ago"
    return f"{moment:%d %b %Y}"
