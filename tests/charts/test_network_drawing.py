"""A network as SVG: boxes as large as what they stand for, and nothing but text where a text is."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from cnnlab.charts.network_drawing import LINE, Box, network_drawing
from cnnlab.charts.network_looks import FORMS, KINDS, MARKS, PAPER

SVG = "{http://www.w3.org/2000/svg}"
PICTURE = Box(label="Picture", kind="picture", shape=(32, 32, 3))
OUTPUT = Box(label="Output", kind="output", shape=(10,))
HOSTILE = (
    "<script>alert(1)</script>",
    "![x](http://host/y)",
    "a & b < c > d \" e ' f",
    "]]><svg onload=x>",
    "&#x3c;script&#x3e;",
)


def _convolution(side=32, maps=32, **changes):
    return Box(label="Convolution", kind="convolution", shape=(side, side, maps), **changes)


def _drawn(*boxes, title="A network", **settings):
    return ElementTree.fromstring(network_drawing([PICTURE, *boxes, OUTPUT], title=title, **settings))


def _group(drawing, position):
    return drawing.findall(f"{SVG}g")[position + 1]


def _corners(polygon):
    return [tuple(map(float, corner.split(","))) for corner in polygon.get("points").split()]


def _size(group):
    """Width and height of the front of a box: its third face."""
    across, down = zip(*_corners(group.findall(f"{SVG}polygon")[2]), strict=True)
    return max(across) - min(across), max(down) - min(down)


def _texts(element):
    return [text.text for text in element.iter(f"{SVG}text") if text.text]


def test_it_says_what_it_shows_to_those_who_cannot_see_it():
    drawing = _drawn(_convolution(words="1 · Convolution, 32 × 32 × 32."), title="Drawing of Ours")
    assert drawing.get("role") == "img"
    said = {element.get("id"): element.text for element in drawing if element.get("id")}
    names = [said[id] for id in drawing.get("aria-labelledby").split()]
    assert names == ["Drawing of Ours", "1 · Convolution, 32 × 32 × 32."]


def test_a_box_is_labelled_with_its_place_kind_and_shape():
    box = Box(label="Global average pooling", kind="global_average_pooling", shape=(4096,), number=7)
    assert _texts(_group(_drawn(box), 0)) == ["7", "Global average", "pooling", "4,096"]


@pytest.mark.parametrize(
    ("smaller", "larger", "side"),
    [
        pytest.param(_convolution(side=16), _convolution(side=32), "height", id="larger maps are higher"),
        pytest.param(_convolution(side=1), _convolution(side=4), "height", id="even small ones"),
        pytest.param(_convolution(maps=32), _convolution(maps=64), "width", id="more maps are wider"),
        pytest.param(_convolution(maps=1024), _convolution(maps=2048), "width", id="even many"),
        pytest.param(OUTPUT, replace(OUTPUT, shape=(4096,)), "height", id="longer vectors are higher"),
    ],
)
def test_a_box_is_as_large_as_what_it_puts_out(smaller, larger, side):
    drawing = _drawn(smaller, larger)
    measure = ("width", "height").index(side)
    assert _size(_group(drawing, 0))[measure] < _size(_group(drawing, 1))[measure]


@pytest.mark.parametrize("side", [1, 7, 512])
@pytest.mark.parametrize("maps", [1, 3, 2048])
def test_the_smallest_and_the_largest_can_be_seen_in_one_drawing(side, maps):
    drawing = _drawn(_convolution(side=512), _convolution(side=side, maps=maps), _convolution(side=1))
    width, height = _size(_group(drawing, 1))
    assert 3 < width < 100
    assert 3 < height <= _size(_group(drawing, 0))[1]


@pytest.mark.parametrize(
    "boxes",
    [
        pytest.param([], id="no block"),
        pytest.param([_convolution()], id="one"),
        pytest.param(
            [Box(label=kind, kind=kind, shape=(8, 8, 2048), mark="warning") for kind in KINDS] * 4,
            id="one of each kind, four times",
        ),
    ],
)
def test_boxes_stand_beside_each_other_inside_the_drawing(boxes):
    drawing = _drawn(*boxes)
    right_edges = [0.0]
    for group in drawing.findall(f"{SVG}g"):
        ground = group.find(f"{SVG}rect")
        left, width = float(ground.get("x")), float(ground.get("width"))
        assert left >= right_edges[-1]
        right_edges.append(left + width)
        for polygon in group.iter(f"{SVG}polygon"):
            assert all(left <= across <= left + width for across, _ in _corners(polygon))
    assert len(right_edges) == len(boxes) + 3
    assert right_edges[-1] <= float(drawing.get("width"))


def test_two_drawings_can_have_one_scale():
    alone, beside = _drawn(_convolution()), _drawn(_convolution(), largest_side=128)
    assert _size(_group(beside, 0))[1] == pytest.approx(_size(_group(alone, 0))[1] / 2, abs=0.2)


@pytest.mark.parametrize("name", MARKS)
def test_a_mark_is_a_form_with_a_sign(name):
    plain, marked = (_group(_drawn(box), 0) for box in (_convolution(), _convolution(mark=name)))
    assert _texts(marked) == [*_texts(plain), MARKS[name].sign]
    forms = f"{SVG}polygon" if MARKS[name].form in FORMS else f"{SVG}circle"
    assert len(marked.findall(forms)) == len(plain.findall(forms)) + 1


def test_no_two_marks_look_alike_without_their_colour():
    assert len({(mark.form, mark.sign) for mark in MARKS.values()}) == len(MARKS)


def test_what_cannot_work_is_an_empty_outline_that_says_so():
    group = _group(_drawn(_convolution(), replace(_convolution(mark="error"), shape=())), 1)
    assert "cannot work" in _texts(group)
    assert all(face.get("stroke-dasharray") for face in group.findall(f"{SVG}polygon")[:3])


def test_the_selected_box_has_a_frame():
    drawing = _drawn(_convolution(), _convolution(selected=True))
    frames = [group.find(f"{SVG}rect").get("stroke") for group in drawing.findall(f"{SVG}g")]
    assert [frame is not None for frame in frames] == [False, False, True, False]


@pytest.mark.parametrize("kind", [kind for kind, look in KINDS.items() if look.joins])
def test_a_way_around_a_block_is_drawn(kind):
    around = _group(_drawn(Box(label=kind, kind=kind, shape=(8, 8, 8))), 0)
    straight = _group(_drawn(Box(label=kind, kind="convolution", shape=(8, 8, 8))), 0)
    assert len(around.findall(f"{SVG}path")) > len(straight.findall(f"{SVG}path"))
    assert around.findall(f"{SVG}circle")


def test_layers_in_a_row_are_slices_of_one_box():
    group = _group(_drawn(_convolution(slices=3)), 0)
    assert len(group.findall(f"{SVG}polyline")) == 2


def test_a_kind_that_nobody_drew_before_is_drawn_like_a_convolution():
    new, known = (
        _group(_drawn(Box(label="New", kind=kind, shape=(8, 8, 8))), 0) for kind in ("new", "convolution")
    )
    assert ElementTree.tostring(new) == ElementTree.tostring(known)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_text(name):
    box = _convolution(words=name)
    drawing = _drawn(replace(box, label=name), title=name)
    tags = {element.tag.removeprefix(SVG) for element in drawing.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "g", "path", "polygon", "text"}
    assert drawing.find(f"{SVG}title").text == name
    assert " ".join(_texts(_group(drawing, 0))[:-1]) == " ".join(name.split())


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\ud800", "\ufffe", "\uffff", "\u202e"])
def test_letters_that_no_file_may_hold_are_left_out(letter):
    title = _drawn(title=f"a{letter}b").find(f"{SVG}title").text
    assert re.fullmatch(r"a[ ?]?b", title)


def test_a_file_needs_nothing_from_elsewhere():
    boxes = [Box(label=kind, kind=kind, shape=(8, 8, 8), mark=mark) for kind in KINDS for mark in MARKS]
    drawing = ElementTree.fromstring(network_drawing(boxes, title="All", look=PAPER))
    for element in drawing.iter():
        assert element.tag.removeprefix(SVG) not in {"script", "style", "image", "use", "foreignObject", "a"}
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert "href" not in name
            assert "url(" not in value
            assert "var(" not in value


def test_a_label_leaves_room_for_all_its_lines():
    long = Box(label="Words that need a good many lines to stand on", kind="dense", shape=(8,), number=1)
    drawing = _drawn(long)
    lowest = max(float(text.get("y")) for text in drawing.iter(f"{SVG}text"))
    assert lowest + LINE / 2 < float(drawing.get("height"))
