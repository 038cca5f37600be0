"""The table of faults in `docs/reliability.md`: one row a fault, each of which can be measured anew by itself."""

from pathlib import Path

from tests.chaos.faults import FAULTS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- faults -->", "<!-- end of faults -->"
COLUMNS = ("fault", "what is done", "tried", "seconds", "outcome")


def row(*cells: str) -> str:
    """One line of the table."""
    return f"| {' | '.join(cell.replace('|', ' ') for cell in cells)} |"


HEADING = f"{row(*COLUMNS)}\n|:--|:--|--:|--:|:--|"


def written_rows() -> dict[str, str]:
    """The rows that stand in the document, by their title."""
    lines = _between().splitlines()
    return {_title(line): line for line in lines if line.startswith("|") and line not in HEADING.splitlines()}


def write_row(line: str, *, measured: str) -> None:
    """Put a row in the place of the one before, all in the order of `FAULTS`; `measured` says when and where."""
    rows = written_rows() | {_title(line): line}
    ordered = [rows[fault.title] for fault in FAULTS.values() if fault.title in rows]
    table = "\n".join([HEADING, *ordered])
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n\n{measured}\n{END}{after}", encoding="utf-8")


def _between() -> str:
    return DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def _title(line: str) -> str:
    return line.split("|")[1].strip()
