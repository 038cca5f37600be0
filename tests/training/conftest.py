"""Small networks and examples that train in a moment, and a recorder that can interrupt at any step."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from cnnlab.runs.records import Event, Step
from cnnlab.runs.states import Wanted
from cnnlab.training.inputs import CopiedInputs, PlainInputs
from cnnlab.training.optimizers import RateShare
from cnnlab.training.phases import Phase
from cnnlab.training.recorder import Interrupted
from cnnlab.training.trainer import Examples

NUM_CLASSES = 3


@dataclass
class ListRecorder:
    """Keeps what it is told, and wants something after a number of steps."""

    interrupt_before: int | None = None
    wanted: Wanted = Wanted.PAUSE
    events: list[Event] = field(default_factory=list)
    updates: list[dict[str, object]] = field(default_factory=list)
    looks: int = 0

    def update(self, **changes: object) -> None:
        self.updates.append(changes)

    def record(self, event: Event) -> None:
        self.events.append(event)

    def note(self, text: str) -> None:
        self.events.append(text)

    def record_step(self, event: Step, *, milestone: bool = False) -> None:
        self.events.append(event)

    def obey(self) -> None:
        self.looks += 1
        if self.interrupt_before is not None and self.looks > self.interrupt_before:
            raise Interrupted(self.wanted)


@pytest.fixture
def examples() -> Examples:
    """Sixty inputs whose class can be read off them."""
    return Examples(
        labels=np.arange(60, dtype=np.int32) % NUM_CLASSES,
        training=np.arange(0, 44),
        validation=np.arange(44, 60),
    )


@pytest.fixture
def inputs(examples: Examples) -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    noise[np.arange(60), examples.labels] += 1.5
    return noise


@pytest.fixture
def build_phases(inputs: np.ndarray):
    """Build the same two phases afresh, as a new process would."""

    def build(
        epochs: tuple[int, int] = (3, 2), learning_rates: tuple[float, float] = (1e-2, 1e-3)
    ) -> list[Phase]:
        import keras

        keras.utils.set_random_seed(0)
        below = keras.Sequential([keras.Input((8,)), keras.layers.Dense(6, activation="relu")])
        head = keras.Sequential(
            [
                keras.Input((6,)),
                keras.layers.Dropout(0.3),
                keras.layers.Dense(NUM_CLASSES, activation="softmax"),
            ]
        )
        features = below(inputs).numpy()
        both = keras.Model(below.inputs[0], head(below.outputs[0]))
        return [
            Phase(
                name="feature_extraction",
                model=head,
                inputs=PlainInputs(plain=features),
                epochs=epochs[0],
                learning_rate=learning_rates[0],
            ),
            Phase(
                name="fine_tuning",
                model=both,
                inputs=CopiedInputs(
                    plain=inputs, copies=(0.9 * inputs, 1.1 * inputs), rows=np.arange(len(inputs))
                ),
                epochs=epochs[1],
                learning_rate=learning_rates[1],
                rates=(RateShare(share=0.5, variables=tuple(below.trainable_variables)),),
                l2=1e-3,
                penalised=(head.trainable_variables[0],),
            ),
        ]

    return build
