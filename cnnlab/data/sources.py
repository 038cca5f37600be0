"""Table of ready-made datasets: two that need no download, four that come through `keras.datasets`.

Rows are plain data: listing them opens nothing. How pictures are made is in `shapes`, `digits` and
`downloads`; this module never makes one itself.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from cnnlab.errors import SpecError, unknown_name
from cnnlab.settings import settings
from cnnlab.specs.base import Spec


class ShapesSettings(Spec):
    """What the generated shapes look like."""

    num_pictures: int = Field(
        4000,
        ge=80,
        le=100_000,
        title="Pictures",
        description="How many are drawn, the same number for each of the 8 classes.",
    )
    image_size: int = Field(
        32, ge=16, le=256, title="Image size", description="Height and width of each picture, in pixels."
    )
    movement: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        title="Movement",
        description="How far shapes move from the middle: 0 keeps them there, 1 lets them go everywhere. "
        "A dense network fails when shapes move; a CNN does not.",
    )
    noise: float = Field(
        0.04,
        ge=0.0,
        le=0.5,
        title="Noise",
        description="Spread of the grain that is laid over each picture; 1 is white.",
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed of the drawing",
        description="The same seed draws the same pictures.",
    )


@dataclass(frozen=True, kw_only=True)
class Source:
    """One ready-made dataset."""

    label: str
    sentence: str
    num_classes: int
    num_pictures: int
    """As it comes by default."""
    image_size: int
    """Height and width of its pictures, in pixels."""
    credit: str
    link: str = ""
    settings: type[Spec] | None = None
    """What may be set before it is made, where anything may."""
    needs_download: bool = False
    download_megabytes: int = 0
    host: str = ""
    """Where Keras fetches it from."""
    cached: tuple[str, ...] = ()
    """Files below Keras' `datasets/` that are there once it was fetched."""
    class_names: tuple[str, ...] = ()
    """In the order of the source's own labels, where it does not name them itself."""

    def is_here(self) -> bool:
        """Whether it can be imported without the network."""
        folder = keras_datasets()
        return not self.needs_download or all((folder / name).exists() for name in self.cached)


def keras_datasets() -> Path:
    """Where Keras keeps datasets that it fetched."""
    return settings().keras_home.expanduser() / "datasets"


def find_source(name: str) -> Source:
    """Look up a row.

    Raises:
        SpecError: There is none of this name.
    """
    if name not in SOURCES:
        raise SpecError(unknown_name("ready-made dataset", name, SOURCES))
    return SOURCES[name]


GOOGLE = "storage.googleapis.com"
TORONTO = "www.cs.toronto.edu"

SOURCES: dict[str, Source] = {
    "digits": Source(
        label="Digits",
        sentence="Handwritten digits, 8 × 8 pixels enlarged to 32 × 32: small enough to train in seconds.",
        num_classes=10,
        num_pictures=1797,
        image_size=32,
        credit="E. Alpaydin, C. Kaynak, UCI; comes with scikit-learn",
        link="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    ),
    "shapes": Source(
        label="Shapes",
        sentence="Eight kinds of drawn shapes, anywhere, in any colour, size and rotation: shows why a CNN beats a dense network.",
        num_classes=8,
        num_pictures=4000,
        image_size=32,
        credit="Drawn by cnnlab",
        settings=ShapesSettings,
    ),
    "mnist": Source(
        label="MNIST",
        sentence="70,000 handwritten digits in grey, 28 × 28 pixels: the classic first dataset.",
        num_classes=10,
        num_pictures=70_000,
        image_size=28,
        credit="Y. LeCun, C. Cortes; CC BY-SA 3.0",
        link="https://keras.io/api/datasets/mnist/",
        needs_download=True,
        download_megabytes=11,
        host=GOOGLE,
        cached=("mnist.npz",),
        class_names=tuple("0123456789"),
    ),
    "fashion_mnist": Source(
        label="Fashion-MNIST",
        sentence="70,000 pieces of clothing in grey, 28 × 28 pixels: the size of MNIST, but harder.",
        num_classes=10,
        num_pictures=70_000,
        image_size=28,
        credit="Zalando; MIT",
        link="https://keras.io/api/datasets/fashion_mnist/",
        needs_download=True,
        download_megabytes=30,
        host=GOOGLE,
        cached=(
            "fashion-mnist/train-labels-idx1-ubyte.gz",
            "fashion-mnist/train-images-idx3-ubyte.gz",
            "fashion-mnist/t10k-labels-idx1-ubyte.gz",
            "fashion-mnist/t10k-images-idx3-ubyte.gz",
        ),
        class_names=(
            "T-shirt",
            "trouser",
            "pullover",
            "dress",
            "coat",
            "sandal",
            "shirt",
            "sneaker",
            "bag",
            "ankle boot",
        ),
    ),
    "cifar10": Source(
        label="CIFAR-10",
        sentence="60,000 small colour photographs of ten things, 32 × 32 pixels: what the lesson's CNN learns.",
        num_classes=10,
        num_pictures=60_000,
        image_size=32,
        credit="A. Krizhevsky, 2009",
        link="https://keras.io/api/datasets/cifar10/",
        needs_download=True,
        download_megabytes=170,
        host=TORONTO,
        cached=("cifar-10-batches-py-target_archive",),
        class_names=(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
    ),
    "cifar100": Source(
        label="CIFAR-100",
        sentence="60,000 small colour photographs of a hundred things, 600 of each: the harder sister of CIFAR-10.",
        num_classes=100,
        num_pictures=60_000,
        image_size=32,
        credit="A. Krizhevsky, 2009",
        link="https://keras.io/api/datasets/cifar100/",
        needs_download=True,
        download_megabytes=169,
        host=TORONTO,
        cached=("cifar-100-python-target_archive",),
        class_names=(
            "apple",
            "aquarium fish",
            "baby",
            "bear",
            "beaver",
            "bed",
            "bee",
            "beetle",
            "bicycle",
            "bottle",
            "bowl",
            "boy",
            "bridge",
            "bus",
            "butterfly",
            "camel",
            "can",
            "castle",
            "caterpillar",
            "cattle",
            "chair",
            "chimpanzee",
            "clock",
            "cloud",
            "cockroach",
            "couch",
            "crab",
            "crocodile",
            "cup",
            "dinosaur",
            "dolphin",
            "elephant",
            "flatfish",
            "forest",
            "fox",
            "girl",
            "hamster",
            "house",
            "kangaroo",
            "keyboard",
            "lamp",
            "lawn mower",
            "leopard",
            "lion",
            "lizard",
            "lobster",
            "man",
            "maple tree",
            "motorcycle",
            "mountain",
            "mouse",
            "mushroom",
            "oak tree",
            "orange",
            "orchid",
            "otter",
            "palm tree",
            "pear",
            "pickup truck",
            "pine tree",
            "plain",
            "plate",
            "poppy",
            "porcupine",
            "possum",
            "rabbit",
            "raccoon",
            "ray",
            "road",
            "rocket",
            "rose",
            "sea",
            "seal",
            "shark",
            "shrew",
            "skunk",
            "skyscraper",
            "snail",
            "snake",
            "spider",
            "squirrel",
            "streetcar",
            "sunflower",
            "sweet pepper",
            "table",
            "tank",
            "telephone",
            "television",
            "tiger",
            "tractor",
            "train",
            "trout",
            "tulip",
            "turtle",
            "wardrobe",
            "whale",
            "willow tree",
            "wolf",
            "woman",
            "worm",
        ),
    ),
}
