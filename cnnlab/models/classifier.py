"""A pretrained backbone with a head of its own: from raw pictures to probabilities, frozen up to a boundary.

The scaling that a backbone wants is part of the model, so a raw picture is all that anybody has to
give it. Batch normalization of a backbone stays still, always. This module never trains.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnlab.models.backbones import Backbone, check_image_size, find_backbone, first_unfrozen
from cnnlab.models.boundaries import BackboneBlock, find_blocks
from cnnlab.models.efficientnet_lite import build_efficientnet_lite0
from cnnlab.models.families import Preprocessing
from cnnlab.models.seeding import seeded
from cnnlab.models.weights import load_imagenet_weights
from cnnlab.specs.networks import BackboneNetwork, Head
from cnnlab.specs.training import Unfreeze

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class Split:
    """A backbone cut in two at a boundary; both parts share their layers with the classifier."""

    name: str
    """What lies below, for a cache key or a sentence: the first unfrozen block, 'features' or 'pictures'."""
    below: "keras.Model | None"
    """Frozen: from raw pictures to the boundary. None when everything learns."""
    above: "keras.Model | None"
    """From the boundary to pooled features, shape (N, features); learns but for batch normalization. None when nothing does."""


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """The parts of one network, which together lead from raw RGB in 0..255 to probabilities."""

    preprocessing: "keras.Model"
    """From raw pictures to what the backbone wants, both of shape (N, image_size, image_size, 3)."""
    backbone: "keras.Model"
    """From scaled pictures to maps, shape (N, height, width, features)."""
    head: "keras.Model"
    """From pooled features, shape (N, features), to probabilities, shape (N, num_classes)."""
    blocks: tuple[BackboneBlock, ...]
    """Of the backbone, from the picture to the maps."""
    row: Backbone

    def split_at(self, unfreeze: Unfreeze, unfreeze_blocks: int = 1) -> Split:
        """Freeze the backbone below a boundary and unfreeze what lies above it.

        Args:
            unfreeze: 'nothing', 'blocks' (the last ones) or 'everything'.
            unfreeze_blocks: How many blocks from the end; only for 'blocks'.

        Raises:
            SpecError: The backbone has fewer blocks.
        """
        names = [block.name for block in self.blocks]
        first = first_unfrozen(self.row.name, names, unfreeze=unfreeze, unfreeze_blocks=unfreeze_blocks)
        self._freeze_below(first)
        if first == 0:
            return Split(name="pictures", below=None, above=self._from_pictures(self.backbone, pooled=True))
        if first == len(self.blocks):
            return Split(name="features", below=self._from_pictures(self.backbone, pooled=True), above=None)
        return self._cut(self.blocks[first])

    def inference_model(self) -> "keras.Model":
        """Return the whole network: raw pictures, float32 0..255, to probabilities."""
        picture, maps = self._maps()
        return _model(picture, self.head(_pooled(maps)), name="classifier")

    def explaining_model(self) -> "keras.Model":
        """Return the whole network with two outputs: probabilities, and the last feature map."""
        picture, maps = self._maps()
        return _model(picture, [self.head(_pooled(maps)), maps], name="explaining")

    def _maps(self) -> tuple[Any, Any]:
        picture = _picture_like(self.preprocessing)
        return picture, self.backbone(self.preprocessing(picture))

    def _from_pictures(self, scaled_to_maps: "keras.Model", *, pooled: bool) -> "keras.Model":
        picture = _picture_like(self.preprocessing)
        reached = scaled_to_maps(self.preprocessing(picture))
        return _model(picture, _pooled(reached) if pooled else reached, name="from_pictures")

    def _cut(self, block: BackboneBlock) -> Split:
        lower = _model(self.backbone.inputs[0], block.starts_at, name="below")
        above = _model(block.starts_at, _pooled(self.backbone.outputs[0]), name="above")
        return Split(name=block.name, below=self._from_pictures(lower, pooled=False), above=above)

    def _freeze_below(self, first: int) -> None:
        for position, block in enumerate(self.blocks):
            for layer in block.layers:
                layer.trainable = position >= first
                for part in _with_nested(layer):
                    if _is_batch_normalization(part):
                        part.trainable = False


def build_classifier(network: BackboneNetwork, *, num_classes: int, seed: int = 0) -> Classifier:
    """Build a backbone with its weights, everything frozen, and a head with random ones.

    Args:
        network: Backbone, where its weights come from, image size and head.
        num_classes: How many probabilities come out.
        seed: The same seed gives the same random weights.

    Raises:
        SpecError: There is no such backbone, or the image size is too small for it.
        WeightsError: The pretrained weights are not here and cannot be fetched.
    """
    row = find_backbone(network.backbone)
    with seeded(seed):
        backbone = build_backbone(network.backbone, image_size=network.image_size)
        head = _build_head(network.head, features=backbone.output_shape[-1], num_classes=num_classes)
    if network.weights == "imagenet":
        load_imagenet_weights(backbone, name=network.backbone)
    classifier = Classifier(
        preprocessing=build_preprocessing(row.preprocessing, image_size=network.image_size),
        backbone=backbone,
        head=head,
        blocks=find_blocks(backbone, family=row.family),
        row=row,
    )
    classifier._freeze_below(len(classifier.blocks))
    return classifier


def build_backbone(name: str, *, image_size: int) -> "keras.Model":
    """Build a backbone with random weights, without its top and without its preprocessing.

    EfficientNetB0 to B7 are the exception: Keras builds their scaling into the network, and their
    published weights hold it, so it stays there.

    Raises:
        SpecError: There is no such backbone, or the image size is too small for it.
    """
    import keras

    row = find_backbone(name)
    check_image_size(row, image_size=image_size)
    if not row.module:
        return build_efficientnet_lite0(image_size=image_size)
    inside = {"include_preprocessing": False} if row.module == "efficientnet_v2" else {}
    build = getattr(keras.applications, row.label)
    return build(weights=None, include_top=False, input_shape=(image_size, image_size, 3), **inside)


def build_preprocessing(preprocessing: Preprocessing, *, image_size: int) -> "keras.Model":
    """Build the scaling of a backbone from plain layers, which every format can store."""
    import keras

    picture = keras.Input((image_size, image_size, 3), name="picture")
    reached = picture
    if preprocessing.reverse_channels:
        reached = keras.ops.flip(reached, axis=-1)
    if not preprocessing.changes_nothing:
        scaling = keras.layers.Rescaling(
            list(preprocessing.scale), offset=list(preprocessing.offset), name="rescale"
        )
        reached = scaling(reached)
    return _model(picture, reached, name="preprocessing")


def _build_head(head: Head, *, features: int, num_classes: int) -> "keras.Model":
    import keras

    entered = keras.Input((features,), name="features")
    reached = keras.layers.Dropout(head.dropout_before, name="head_dropout_before")(entered)
    if head.units:
        reached = keras.layers.Dense(head.units, activation=head.activation, name="head_dense")(reached)
        reached = keras.layers.Dropout(head.dropout_after, name="head_dropout_after")(reached)
    reached = keras.layers.Dense(num_classes, activation="softmax", name="probabilities")(reached)
    return _model(entered, reached, name="head")


def _with_nested(layer: "keras.Layer") -> "Iterator[keras.Layer]":
    yield layer
    for inner in getattr(layer, "layers", ()):
        yield from _with_nested(inner)


def _is_batch_normalization(layer: "keras.Layer") -> bool:
    import keras

    # Frozen, it keeps its ImageNet statistics; those of a few small batches would ruin the features.
    # Calling with training=False is not enough: Keras 3.15 ignores it inside `fit`
    # (https://github.com/keras-team/keras/issues/20285).
    return isinstance(layer, keras.layers.BatchNormalization)


def _picture_like(model: "keras.Model") -> Any:
    import keras

    return keras.Input(model.input_shape[1:], name="picture")


def _pooled(maps: Any) -> Any:
    import keras

    return keras.layers.GlobalAveragePooling2D(name="pooled")(maps)


def _model(inputs: Any, outputs: Any, *, name: str) -> "keras.Model":
    import keras

    return keras.Model(inputs, outputs, name=name)
