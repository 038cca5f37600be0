"""Writes a network of blocks down as Python that builds the very same model, and trains it, without cnnlab.

The layers come from `models.layers`, as those of `models.network` do. What is written is data and
fixed text: nothing that somebody typed is ever code. This module never runs what it writes.
"""

import json
from types import MappingProxyType
from typing import Any

from cnnlab.errors import SpecError
from cnnlab.models.anatomy import describe_network
from cnnlab.models.layers import LayerStep, Names, layer_steps
from cnnlab.specs.networks import BlockNetwork
from cnnlab.specs.training import ScratchTraining

LINE_LENGTH = 79
ANY_CLASSES = 2
"""The model that is written takes its number of classes as an argument, so any serves to describe it."""

OPTIMIZERS: MappingProxyType[str, str] = MappingProxyType(
    {
        "adam": "keras.optimizers.Adam(LEARNING_RATE)",
        "adamw": "keras.optimizers.AdamW(LEARNING_RATE, weight_decay=0.0001)",
        "sgd": "keras.optimizers.SGD(LEARNING_RATE, momentum=0.9)",
        "rmsprop": "keras.optimizers.RMSprop(LEARNING_RATE)",
    }
)
"""How every optimizer of the settings is built; a test compares them with those that train here."""

SCHEDULES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "constant": (),
        "cosine": ("return 0.5 * (1 + math.cos(math.pi * done))",),
        "warm_up_cosine": (
            "if done < 0.1:",
            "    return max(done / 0.1, 0.01)",
            "return 0.5 * (1 + math.cos(math.pi * (done - 0.1) / 0.9))",
        ),
        "one_cycle": (
            "if done < 0.3:",
            "    rise = 0.5 * (1 - math.cos(math.pi * done / 0.3))",
            "    return 0.04 + 0.96 * rise",
            "fall = 0.5 * (1 + math.cos(math.pi * (done - 0.3) / 0.7))",
            "return 0.0001 + 0.9999 * fall",
        ),
        "steps": ("return 0.1 ** math.floor(min(done, 0.999) * 3)",),
    }
)
"""The body of `share_of_rate(done)` for every schedule; a test compares them with those that train here."""

OPENING = '''"""A convolutional network and its training, written by cnnlab.

It needs Keras with TensorFlow, and a folder with one folder of pictures a
class:

    python network.py pictures
"""
'''

LOADING = '''

def load_pictures(folder):
    """Return training and validation batches from a folder of classes."""
    return keras.utils.image_dataset_from_directory(
        folder,
        label_mode="categorical",
        batch_size=BATCH_SIZE,
        image_size=(IMAGE_SIZE, IMAGE_SIZE),
        interpolation="bicubic",
        validation_split=VALIDATION_SHARE,
        subset="both",
        seed=SEED,
    )
'''

SCHEDULE_OPENING = '''

def share_of_rate(done):
    """Return the share of the learning rate after a share of all steps."""
'''

SCHEDULE_CALLBACK = '''

class FollowSchedule(keras.callbacks.Callback):
    """Sets the learning rate before every step."""

    def on_train_begin(self, logs=None):
        self.step = 0
        self.last = max(self.params["steps"] * EPOCHS - 1, 1)

    def on_train_batch_begin(self, batch, logs=None):
        rate = LEARNING_RATE * share_of_rate(self.step / self.last)
        self.model.optimizer.learning_rate = rate
        self.step += 1
'''

WEIGHTS_OF_CLASSES = '''

def weigh_classes(pictures):
    """Return weights under which every class counts alike."""
    counts = sum(labels.numpy().sum(axis=0) for _, labels in pictures)
    present = sum(count > 0 for count in counts)
    return {
        label: float(counts.sum() / (present * count)) if count else 0.0
        for label, count in enumerate(counts)
    }
'''


def write_code(network: BlockNetwork, *, training: ScratchTraining | None = None, seed: int = 0) -> str:
    """Write a network and its recipe as one Python file.

    Its `build_model(num_classes)` returns the model that `build_network` builds, with other random
    weights; its layers have no names of their own.

    Args:
        network: The blocks and the image size.
        training: The recipe; the lesson's unless said otherwise.
        seed: Where everything random comes from.

    Raises:
        SpecError: The network cannot be built; the message says what to change.
    """
    training = training or ScratchTraining()
    problems = describe_network(network, num_classes=ANY_CLASSES, batch_size=1).problems
    if problems:
        raise SpecError(
            f"{network.name!r} cannot be built, so there is no code for it. {problems[0].sentence}"
        )
    parts = (
        OPENING,
        _imports(training),
        _constants(network, training, seed),
        _building(network),
        LOADING,
        *_schedule(training),
        *((WEIGHTS_OF_CLASSES,) if training.balance_classes else ()),
        _main(training),
    )
    return "".join(parts)


def _imports(training: ScratchTraining) -> str:
    math = "import math\n" if SCHEDULES[training.schedule] else ""
    tensorflow = "import tensorflow as tf\n" if training.deterministic else ""
    return f"\n{math}import sys\n\nimport keras\n{tensorflow}from keras import layers\n"


def _constants(network: BlockNetwork, training: ScratchTraining, seed: int) -> str:
    # A name is any text; half a surrogate pair would make a file that nobody can write.
    name = network.name.encode("utf-8", "replace").decode("utf-8")
    values = {
        "NAME": name,
        "IMAGE_SIZE": network.image_size,
        "VALIDATION_SHARE": 0.15,
        "BATCH_SIZE": training.batch_size,
        "EPOCHS": training.epochs,
        # Patience 0 never ends early; the best epoch is kept all the same.
        "PATIENCE": training.early_stopping_patience or training.epochs,
        "LEARNING_RATE": training.learning_rate,
        "LABEL_SMOOTHING": training.label_smoothing,
        "SEED": seed,
    }
    return "\n" + "".join(f"{name} = {_value(value)}\n" for name, value in values.items())


def _building(network: BlockNetwork) -> str:
    rows = describe_network(network, num_classes=ANY_CLASSES, batch_size=1).rows
    names = Names()
    lines = [
        "",
        "",
        "def build_model(num_classes):",
        '    """Return the network: pictures, 0 to 255, become probabilities."""',
        "    inputs = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3))",
        "    x = layers.Rescaling(1 / 255)(inputs)",
    ]
    for number, (block, before) in enumerate(zip(network.blocks, rows, strict=False), start=1):
        lines.append(f"    # Block {number}: {block.label}")
        for step in layer_steps(block, maps=before.output_shape[-1], names=names):
            lines += _call(step)
    lines += [
        '    outputs = layers.Dense(num_classes, activation="softmax")(x)',
        "    return keras.Model(inputs, outputs)",
    ]
    return "\n".join(lines) + "\n"


def _call(step: LayerStep) -> list[str]:
    """One layer as one statement, laid out as formatters do."""
    settings = [f"{name}={_value(value)}" for name, value in step.settings.items()]
    inputs = step.inputs[0] if len(step.inputs) == 1 else f"[{', '.join(step.inputs)}]"
    opening, closing = f"    {step.output} = layers.{step.layer}(", f")({inputs})"
    together = ", ".join(settings)
    if len(opening + together + closing) <= LINE_LENGTH:
        return [opening + together + closing]
    if len(together) + 8 <= LINE_LENGTH:
        return [opening, f"        {together}", f"    {closing}"]
    return [opening, *(f"        {setting}," for setting in settings), f"    {closing}"]


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _schedule(training: ScratchTraining) -> tuple[str, ...]:
    body = SCHEDULES[training.schedule]
    if not body:
        return ()
    return SCHEDULE_OPENING, "".join(f"    {line}\n" for line in body), SCHEDULE_CALLBACK


def _main(training: ScratchTraining) -> str:
    lines = [
        "def main():",
        '    """Train on the folder that was given, and save the best epoch."""',
        "    keras.utils.set_random_seed(SEED)",
        *(["    tf.config.experimental.enable_op_determinism()"] if training.deterministic else []),
        "    training, validation = load_pictures(sys.argv[1])",
        "    model = build_model(len(training.class_names))",
        "    model.compile(",
        f"        optimizer={OPTIMIZERS[training.optimizer]},",
        "        loss=keras.losses.CategoricalCrossentropy(",
        "            label_smoothing=LABEL_SMOOTHING",
        "        ),",
        '        metrics=["accuracy"],',
        "    )",
        "    best = keras.callbacks.EarlyStopping(",
        "        patience=PATIENCE, restore_best_weights=True",
        "    )",
        '    print(f"Training {NAME}: {model.count_params():,} parameters")',
        "    model.fit(",
        "        training,",
        "        validation_data=validation,",
        "        epochs=EPOCHS,",
        f"        callbacks=[best{', FollowSchedule()' if SCHEDULES[training.schedule] else ''}],",
        *(["        class_weight=weigh_classes(training),"] if training.balance_classes else []),
        "    )",
        '    model.save("model.keras")',
    ]
    return "\n\n" + "\n".join(lines) + '\n\n\nif __name__ == "__main__":\n    main()\n'
