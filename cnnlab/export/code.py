"""Writes the network of a run as one Python file that needs Keras alone: `build_model(num_classes)`.

A network of blocks is written by `models.code`; a backbone by its name in Keras with its scaling and
head around it, EfficientNet-Lite0, which Keras does not have, with the source that builds it here. What
is written is data and fixed text. This module never runs it.
"""

from cnnlab.models.backbones import Backbone, find_backbone
from cnnlab.models.code import write_code
from cnnlab.models.efficientnet_lite import source_code
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.runs import RunSpec

OPENING = '''"""A convolutional network on a pretrained backbone, written by cnnlab.

    model = build_model(num_classes)
    model.load_weights("model.weights.h5")

It takes RGB pictures, float32, 0 to 255, as they are: the scaling is inside.
"""
'''


def write_network(spec: RunSpec) -> str:
    """Write the network of a run, without its weights.

    Raises:
        SpecError: There is no such backbone any more, or the blocks cannot be built.
    """
    if spec.network.kind == "blocks":
        return write_code(spec.network, training=spec.training, seed=spec.seed)
    row = find_backbone(spec.network.backbone)
    imports = ["", "import keras", "from keras import layers"]
    parts = [OPENING]
    if not row.module:
        imports = ["", "from dataclasses import dataclass", "from typing import Any", *imports]
    parts += ["\n".join(imports), "\n\n", f"IMAGE_SIZE = {spec.network.image_size}\n"]
    if not row.module:
        parts.append("\n\n" + source_code())
    parts.append(_build_model(spec.network, row))
    return "".join(parts)


def _build_model(network: BackboneNetwork, row: Backbone) -> str:
    scaling, head = row.preprocessing, network.head
    lines = [
        "def build_model(num_classes):",
        '    """Return the network: pictures, 0 to 255, become probabilities."""',
        "    inputs = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3))",
        "    x = inputs",
    ]
    if scaling.reverse_channels:
        lines += [
            "    # Blue, green, red, as this backbone was trained.",
            "    x = keras.ops.flip(x, axis=-1)",
        ]
    if not scaling.changes_nothing:
        lines += [
            "    x = layers.Rescaling(",
            f"        {list(scaling.scale)!r},",
            f"        offset={list(scaling.offset)!r},",
            "    )(x)",
        ]
    lines += [*_backbone(row), "    x = backbone(x)", "    x = layers.GlobalAveragePooling2D()(x)"]
    if head.dropout_before:
        lines.append(f"    x = layers.Dropout({head.dropout_before!r})(x)")
    if head.units:
        lines.append(f"    x = layers.Dense({head.units}, activation={head.activation!r})(x)")
        if head.dropout_after:
            lines.append(f"    x = layers.Dropout({head.dropout_after!r})(x)")
    lines += [
        '    outputs = layers.Dense(num_classes, activation="softmax")(x)',
        "    return keras.Model(inputs, outputs)",
    ]
    return "\n\n" + "\n".join(lines) + "\n"


def _backbone(row: Backbone) -> list[str]:
    if not row.module:
        return ["    backbone = build_efficientnet_lite0(image_size=IMAGE_SIZE)"]
    # Its scaling would be the first layer otherwise, and be done twice.
    inside = ["        include_preprocessing=False,"] if row.module == "efficientnet_v2" else []
    return [
        f"    backbone = keras.applications.{row.label}(",
        "        weights=None,",
        "        include_top=False,",
        "        input_shape=(IMAGE_SIZE, IMAGE_SIZE, 3),",
        *inside,
        "    )",
    ]
