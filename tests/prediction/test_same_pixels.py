"""A picture is the same to the last pixel where a run learns from it and where a model is asked about it."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cnnlab.data.decoding import decoding_child
from cnnlab.data.packing import pack_pictures
from cnnlab.prediction.answers import Question, answer_questions
from tests.data.making import encode, make_dataset

IMAGE_SIZE = 24
SHAPE = (30, 40)
TURNED = 6
"""The orientation in EXIF of a camera that was held upright."""


def scene(seed: int = 0) -> Image.Image:
    """A picture in which nothing is alike: no turn, mirror image or other channel order goes unseen."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    noise = np.random.default_rng(seed).integers(0, 40, (*SHAPE, 3))
    pixels = np.stack([rows * 6, columns * 5, rows + columns], axis=2) + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = TURNED
    return encode(scene(), "JPEG", quality=95, exif=exif)


def see_through() -> Image.Image:
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def sixteen_bits() -> Image.Image:
    return Image.fromarray(np.asarray(scene().convert("L"), np.uint16) * 257)


def moving(format: str) -> bytes:
    return encode(scene(1), format, save_all=True, append_images=[scene(2), scene(3)])


PICTURES = {
    "plain.png": encode(scene()),
    "photo.jpg": encode(scene(), "JPEG", quality=90),
    "turned by EXIF.jpg": turned(),
    "see-through.png": encode(see_through()),
    "grey.png": encode(scene().convert("L")),
    "grey with alpha.png": encode(see_through().convert("LA")),
    "16 bits.png": encode(sixteen_bits()),
    "16 bits.tiff": encode(sixteen_bits(), "TIFF"),
    "CMYK.jpg": encode(scene().convert("CMYK"), "JPEG", quality=90),
    "CMYK.tiff": encode(scene().convert("CMYK"), "TIFF"),
    "palette.png": encode(scene().quantize(64)),
    "palette.gif": encode(scene().quantize(64), "GIF"),
    "one bit.png": encode(scene().convert("1")),
    "moving.gif": moving("GIF"),
    "moving.webp": moving("WEBP"),
    "moving.png": moving("PNG"),
    "WebP.webp": encode(scene(), "WEBP"),
    "AVIF.avif": encode(scene(), "AVIF"),
    "a PNG that is called JPEG.jpg": encode(scene(4)),
}


@dataclass
class Listener:
    """Stands for a model, and keeps the pixels that it is asked about."""

    resize: str
    heard: list[np.ndarray] = field(default_factory=list)

    @property
    def record(self) -> SimpleNamespace:
        return SimpleNamespace(image_size=IMAGE_SIZE, resize=self.resize)

    def explain(self, picture: np.ndarray) -> tuple[np.ndarray, None]:
        self.heard.append(picture)
        return np.array([1.0], np.float32), None


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """All of them imported, in two classes."""
    files = {
        f"{'odd' if place % 2 else 'even'}/{name}": data
        for place, (name, data) in enumerate(PICTURES.items())
    }
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("same")
        patch.setenv("CNNLAB_HOME", str(folder / "home"))
        yield make_dataset(folder, files)


@pytest.fixture(autouse=True)
def home_of_the_dataset(dataset, monkeypatch, home):
    monkeypatch.setenv("CNNLAB_HOME", str(dataset.folder.parents[1]))


@pytest.mark.parametrize("resize", ["squash", "crop"])
def test_training_and_prediction_see_the_same_pixels(dataset, resize):
    packed = pack_pictures(dataset, image_size=IMAGE_SIZE, resize=resize)
    names = dataset.table().set_index("picture")["name"]
    learned = {
        names[number].rpartition("/")[2]: pixels
        for number, pixels in zip(packed.picture_numbers, packed.pictures, strict=True)
    }
    listener = Listener(resize)
    questions = [Question(name=name, data=data) for name, data in PICTURES.items()]
    answers = list(answer_questions(listener, questions, decoder=decoding_child()))
    assert not [answer.problem for answer in answers if answer.problem]
    assert learned.keys() == PICTURES.keys()
    for name, asked in zip(PICTURES, listener.heard, strict=True):
        np.testing.assert_array_equal(learned[name], asked, err_msg=name)


def test_a_turned_picture_is_asked_about_upright():
    upright = np.asarray(
        scene().rotate(-90, expand=True).resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)
    )
    listener = Listener("squash")
    list(answer_questions(listener, [Question(name="turned", data=turned())], decoder=decoding_child()))
    assert np.abs(listener.heard[0].astype(int) - upright).mean() < 12
