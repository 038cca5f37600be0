"""Names that somebody gave, on their way into a figure: Plotly renders a part of HTML in every text.

Class names, file names, dataset names and run names go through `plain`, always. This module never
knows what kind of name it is.
"""

import html
import re

_NOT_SHOWN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""White space, control characters, and those that turn the direction of what follows."""


def plain(name: object, *, limit: int = 48) -> str:
    """Make a name safe to put into a figure: it is shown letter by letter, on one line.

    Args:
        name: Whatever came from a user or a file.
        limit: Longer names lose their middle, so that both ends can still be told apart.
    """
    # A file name that is no UTF-8 carries lone surrogates, which no JSON for a browser may hold.
    readable = str(name).encode("utf-8", errors="replace").decode("utf-8")
    line = _NOT_SHOWN.sub(" ", readable).strip()
    if len(line) > limit:
        line = f"{line[: limit - limit // 3 - 1]}…{line[len(line) - limit // 3 :]}"
    # Plotly knows few entities, and `&quot;` is none of them; in its texts a quote is only a quote.
    # Two dollar signs would be taken for a formula, for which no library is loaded.
    return html.escape(line, quote=False).replace("$", "&#36;")
