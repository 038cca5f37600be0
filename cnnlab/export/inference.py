"""The network of a finished run as it answers: built anew from the run's settings, weights from its file.

A `.keras` file may come from somebody else and can hold code; its settings are never read here, only
the numbers are. This module never trains.
"""

from typing import TYPE_CHECKING

from cnnlab.errors import CnnlabError, ModelError
from cnnlab.runs.folder import RunFolder
from cnnlab.specs.runs import RunSpec

if TYPE_CHECKING:
    import keras

ONLY_IN_TRAINING = ("Dropout", "SpatialDropout2D")
"""Layers that do nothing in an answer; what leaves the house goes without them."""


def load_trained_model(run: RunFolder) -> "keras.Model":
    """Build the network of a run and give it the weights that were kept.

    Returns:
        From float32 RGB in 0..255, shape (N, image_size, image_size, 3), to probabilities.

    Raises:
        ModelError: The run has no model, or it does not fit its settings.
    """
    spec, path = run.spec(), run.path / "model.keras"
    if not path.is_file():
        raise ModelError(f"Run {spec.name!r} has no Keras model yet. Let it finish, or choose another.")
    try:
        model = build_untrained(spec)
        model.load_weights(path)
    except CnnlabError:
        raise
    except Exception as error:
        # Keras raises whatever the file's container raises.
        raise ModelError(
            f"The model of {spec.name!r} does not fit its settings, or is damaged ({str(error)[:200]}). Train it again."
        ) from error
    return model


def build_untrained(spec: RunSpec) -> "keras.Model":
    """Build the network of a run with random weights; nothing is fetched."""
    if spec.network.kind == "blocks":
        from cnnlab.models.network import build_network

        return build_network(spec.network, num_classes=len(spec.class_names), seed=spec.seed)
    from cnnlab.models.classifier import build_classifier

    network = spec.network.model_copy(update={"weights": "random"})
    return build_classifier(network, num_classes=len(spec.class_names), seed=spec.seed).inference_model()


def inference_clone(model: "keras.Model") -> "keras.Model":
    """Copy a network without the layers that only training needs; the weights are copied too."""
    import keras

    skipped = tuple(getattr(keras.layers, name) for name in ONLY_IN_TRAINING)

    def call(layer, *inputs, **settings):
        return inputs[0] if isinstance(layer, skipped) else layer(*inputs, **settings)

    def copy(layer):
        # Parts that are networks themselves: preprocessing, backbone, head.
        return (
            inference_clone(layer)
            if isinstance(layer, keras.Model)
            else type(layer).from_config(layer.get_config())
        )

    clone = keras.models.clone_model(model, clone_function=copy, call_function=call)
    clone.set_weights(model.get_weights())
    return clone
