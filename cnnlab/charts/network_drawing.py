"""A network as a drawing: one box for what each block puts out, from the picture to the output, as SVG text.

A box is as high as its maps are and as wide as there are many of them, both by their square root, so
that 3 maps and 2,048 fit into one drawing; a vector is a column. The text needs no script, style sheet
or font of its own. This module never knows what a block does: it is told in plain data.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2, sqrt

from cnnlab.charts.network_looks import FORMS, KINDS, MARKS, OTHER_KIND, PAPER, Look
from cnnlab.charts.text import plain

TALLEST_MAP = 92.0
"""Height in pixels of the largest map; that of the others is in proportion to the square root."""
SLANT = (0.30, 0.20)
"""How far the back of a box lies to the right and up, as shares of its height."""
TALLEST = TALLEST_MAP * (1 + SLANT[1])
ROOM_ABOVE = 42.0
MIDDLE = ROOM_ABOVE + TALLEST / 2
FIRST_LINE = ROOM_ABOVE + TALLEST + 19
LINE = 15.0
LABEL_LETTERS = 14
WAY_AROUND = 9.0
"""How far from its box the line around it runs."""
GAP = 14.0
UNREADABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold, not even escaped."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """One block of a drawing, and what it puts out."""

    label: str
    kind: str
    """A key of KINDS."""
    shape: tuple[int, ...]
    """(height, width, maps) or (values,); empty where it cannot work."""
    number: int | None = None
    """Its place among the blocks, from 1; None for the picture and the output."""
    slices: int = 1
    """How many layers of this shape follow each other in it."""
    key: int | None = None
    """What a click on it means to the page; None where nothing does."""
    selected: bool = False
    mark: str = ""
    """A key of MARKS, or nothing."""
    words: str = ""
    """All there is to say about it: shown when one points at it, and read aloud."""


@dataclass(frozen=True, kw_only=True)
class _Solid:
    """A box in pixels."""

    width: float
    height: float
    right: float
    """How far its back lies to the right, and `up` how far up."""
    up: float


def network_drawing(
    boxes: Sequence[Box], *, title: str, look: Look = PAPER, largest_side: int | None = None
) -> str:
    """Draw a network from left to right.

    Args:
        boxes: From the picture to the output.
        title: What is drawn; may hold a name from a user.
        look: Its colours.
        largest_side: Side in pixels of the map that is drawn at full height; the largest here if not given.
            Two drawings with the same one can be compared.

    Returns:
        One `svg` element with its size in pixels, safe to parse whatever the texts hold.
    """
    largest_side = largest_side or max((box.shape[0] for box in boxes if len(box.shape) == 3), default=1)
    height = _height(boxes)
    parts, left, before, end_of_line = [], GAP / 2, None, None
    for box in boxes:
        solid = before = _solid(box, largest_side=largest_side, before=before)
        around = WAY_AROUND + 8 if KINDS.get(box.kind, OTHER_KIND).joins else 0.0
        lines = _label_lines(box)
        column = max(
            solid.width + solid.right + 2 * around,
            look.letter * max(map(len, [*lines, _shape(box)])),
        )
        start = left + (column - solid.width - solid.right) / 2
        if end_of_line is not None:
            parts.append(_line(end_of_line, start, look=look))
        end_of_line = start + solid.width + solid.right
        parts += ["<g", f' data-key="{box.key}"' if box.key is not None else "", ">"]
        parts += [f"<title>{_text(box.words)}</title>" if box.words else ""]
        parts += [_ground(box, x=left - GAP / 2 + 2, width=column + GAP - 4, height=height, look=look)]
        parts += [
            *_body(box, solid, x=start, look=look),
            *_labels(box, lines, x=left + column / 2, look=look),
        ]
        parts += [_mark(box.mark, x=left + column / 2, look=look) if box.mark else "", "</g>"]
        left += column + GAP
    return _document(parts, boxes, title=title, width=left - GAP / 2, height=height, look=look)


def _document(
    parts: list[str], boxes: Sequence[Box], *, title: str, width: float, height: float, look: Look
) -> str:
    words = " ".join(box.words for box in boxes if box.words)
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="drawing-title drawing-desc" '
            f'font-family="{look.font}">',
            f'<title id="drawing-title">{_text(title)}</title>',
            f'<desc id="drawing-desc">{_text(words, limit=20_000)}</desc>',
            f'<rect width="100%" height="100%" fill="{look.background}"/>',
            *parts,
            "</svg>",
        )
    )


def _height(boxes: Sequence[Box]) -> float:
    most_lines = max((len(_label_lines(box)) for box in boxes), default=1)
    return FIRST_LINE + (most_lines + 2) * LINE


def _solid(box: Box, *, largest_side: int, before: _Solid | None) -> _Solid:
    look = KINDS.get(box.kind, OTHER_KIND)
    if not box.shape:
        # Nothing comes out of it: it is drawn as an empty outline of what came before.
        height = before.height if before else TALLEST_MAP / 2
        return _Solid(width=24, height=height, right=SLANT[0] * height, up=SLANT[1] * height)
    if len(box.shape) == 1:
        height = min(TALLEST - 3, 14 + 9 * log2(box.shape[0]))
        return _Solid(width=4 if look.plate else 10, height=height, right=4, up=3)
    side, _, maps = box.shape
    height = max(5.0, TALLEST_MAP * min(1.0, sqrt(side / largest_side)))
    width = 4.0 if look.plate else max(4.0, 1.8 * sqrt(maps))
    return _Solid(width=width, height=height, right=SLANT[0] * height, up=SLANT[1] * height)


def _body(box: Box, solid: _Solid, *, x: float, look: Look) -> Iterator[str]:
    """The front, the top and the right side of a box, and the way around it."""
    kind = KINDS.get(box.kind, OTHER_KIND)
    back_x, back_y = x + solid.right, MIDDLE - (solid.height + solid.up) / 2
    front_y, end = back_y + solid.up, x + solid.width
    back_end, foot = back_x + solid.width, front_y + solid.height
    faces = (
        (((x, front_y), (back_x, back_y), (back_end, back_y), (end, front_y)), 0.35),
        (((end, front_y), (back_end, back_y), (back_end, foot - solid.up), (end, foot)), 0.6),
        (((x, front_y), (end, front_y), (end, foot), (x, foot)), 0.95),
    )
    broken = f' stroke="{look.error}" stroke-dasharray="4 3"' if box.mark == "error" or not box.shape else ""
    for corners, strength in faces:
        filled = f'fill="{kind.color}" fill-opacity="{strength if box.shape else 0.08}"'
        edge = broken or f' stroke="{kind.color}"'
        yield f'<polygon points="{_points(corners)}" {filled}{edge} stroke-linejoin="round"/>'
    for number in range(1, box.slices if box.shape else 1):
        cut = x + solid.width * number / box.slices
        points = _points(((cut, foot), (cut, front_y), (cut + solid.right, back_y)))
        yield f'<polyline points="{points}" fill="none" stroke="{look.paper}" stroke-width="1.2"/>'
    if kind.joins:
        yield from _way_around(kind.joins, x=x, end=back_end, top=back_y, look=look)


def _way_around(sign: str, *, x: float, end: float, top: float, look: Look) -> Iterator[str]:
    """A line over a box from before it to behind it, where it is added or multiplied."""
    start, end, top = x - WAY_AROUND, end + WAY_AROUND, top - WAY_AROUND
    path = (
        f"M{start:.1f} {MIDDLE:.1f}V{top + 6:.1f}Q{start:.1f} {top:.1f} {start + 6:.1f} {top:.1f}"
        f"H{end - 6:.1f}Q{end:.1f} {top:.1f} {end:.1f} {top + 6:.1f}V{MIDDLE - 6:.1f}"
    )
    yield f'<path d="{path}" fill="none" stroke="{look.ink}" stroke-width="1.3"/>'
    # Behind the box the two meet; the sign is drawn, for fonts differ.
    yield (
        f'<circle cx="{end:.1f}" cy="{MIDDLE:.1f}" r="6" fill="{look.paper}" stroke="{look.ink}" '
        f'stroke-width="1.3"/>'
    )
    turned = f' transform="rotate(45 {end:.1f} {MIDDLE:.1f})"' if sign == "×" else ""
    cross = f"M{end - 3.5:.1f} {MIDDLE:.1f}h7M{end:.1f} {MIDDLE - 3.5:.1f}v7"
    yield f'<path d="{cross}" stroke="{look.ink}" stroke-width="1.3"{turned}/>'
    if sign == "×":
        middle = (start + end) / 2
        waist = ((-9, -5), (9, 5), (9, -5), (-9, 5))
        points = _points(tuple((middle + across, top + down) for across, down in waist))
        yield f'<polygon points="{points}" fill="{look.ink}"/>'


def _labels(box: Box, lines: list[str], *, x: float, look: Look) -> Iterator[str]:
    texts = [(f"{box.number or ''}", 11.5, 400, look.quiet)]
    texts += [(line, 12.5, 600, look.ink) for line in lines]
    texts.append((_shape(box), 12, 400, look.quiet if box.shape else look.error))
    for number, (line, size, weight, color) in enumerate(texts):
        yield (
            f'<text x="{x:.1f}" y="{FIRST_LINE + number * LINE:.1f}" text-anchor="middle" '
            f'font-size="{size}" font-weight="{weight}" fill="{color}">{_text(line)}</text>'
        )


def _ground(box: Box, *, x: float, width: float, height: float, look: Look) -> str:
    """What one points at: the whole column; framed where it is selected."""
    frame = f' stroke="{look.accent}" stroke-width="2"' if box.selected else ""
    return (
        f'<rect x="{x:.1f}" y="3" width="{width:.1f}" height="{height - 6:.1f}" rx="8" '
        f'fill="{look.accent}" fill-opacity="{0.08 if box.selected else 0}"{frame}/>'
    )


def _mark(name: str, *, x: float, look: Look) -> str:
    mark, y = MARKS[name], 18.0
    color = getattr(look, mark.color)
    corners = tuple((x + across, y + down) for across, down in FORMS.get(mark.form, ()))
    form = (
        f'<polygon points="{_points(corners)}" fill="{color}"/>'
        if corners
        else f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="{color}"/>'
    )
    down = 6.5 if mark.form == "triangle" else 4.5
    return (
        f'{form}<text x="{x:.1f}" y="{y + down:.1f}" text-anchor="middle" font-size="13" '
        f'font-weight="700" fill="{look.paper}">{mark.sign}</text>'
    )


def _line(start: float, end: float, *, look: Look) -> str:
    return f'<path d="M{start:.1f} {MIDDLE:.1f}H{end:.1f}" stroke="{look.quiet}" stroke-opacity="0.6"/>'


def _label_lines(box: Box) -> list[str]:
    """The label, broken between words."""
    lines = [""]
    for word in box.label.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > LABEL_LETTERS:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _shape(box: Box) -> str:
    return " × ".join(f"{side:,}" for side in box.shape) or "cannot work"


def _points(corners: tuple[tuple[float, float], ...]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _text(words: str, *, limit: int = 2000) -> str:
    return UNREADABLE.sub("", plain(words, limit=limit))
