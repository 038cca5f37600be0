"""Parameter explosion: what one dense layer takes on a picture of any size, and one convolution beside it.

Both are worked out, never built. This module never draws.
"""

from dataclasses import dataclass
from math import prod
from typing import Literal

from pydantic import Field

from cnnlab.claims.answers import Answer, Line, LineChart, Number
from cnnlab.claims.claim import Claim
from cnnlab.models.anatomy import CHANNELS, FLOAT_BYTES
from cnnlab.specs.base import Spec

SIZES = (16, 32, 64, 128, 224, 512, 1024)
"""Sizes of pictures that the chart goes through."""
KEPT_BY_ADAM = 4
"""Numbers for each weight while it learns: itself, its gradient, and two means of gradients
(https://arxiv.org/abs/1412.6980)."""


class ParameterExplosion(Spec):
    """What is worked out."""

    image_size: int = Field(
        224,
        ge=8,
        le=1024,
        title="Picture size",
        description="Height and width of a colour picture, in pixels.",
        json_schema_extra={"slider_step": 8},
    )
    neurons: int = Field(
        256,
        ge=8,
        le=4096,
        title="Neurons of the dense layer",
        description="Each has a weight for every number of the picture.",
        json_schema_extra={"slider_step": 8},
    )
    filters: int = Field(
        32,
        ge=8,
        le=512,
        title="Filters of the convolution",
        description="Each has a weight for every number that its window covers.",
        json_schema_extra={"slider_step": 8},
    )
    kernel_size: Literal[1, 3, 5, 7] = Field(
        3, title="Kernel", description="Height and width of the window of a filter, in pixels."
    )


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What one layer takes."""

    factors: tuple[int, ...]
    """What is multiplied to the number of weights."""
    biases: int
    places: int
    """How often each weight is used for one picture."""

    @property
    def weights(self) -> int:
        """Weights, biases not counted."""
        return prod(self.factors)

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.weights + self.biases

    @property
    def num_bytes(self) -> int:
        """What the parameters take as float32, in bytes."""
        return self.parameters * FLOAT_BYTES

    @property
    def multiply_adds(self) -> int:
        """For one picture, biases not counted."""
        return self.weights * self.places

    @property
    def written_out(self) -> str:
        """How the parameters come about: '3 × 3 × 3 × 32 = 864 weights, and 32 biases'."""
        return f"{' × '.join(map(str, self.factors))} = {self.weights:,} weights, and {self.biases:,} biases"


def dense_layer(settings: ParameterExplosion) -> Counted:
    """Count a dense layer that is joined to every number of the picture."""
    side = settings.image_size
    return Counted(
        factors=(side, side, CHANNELS, settings.neurons),
        biases=settings.neurons,
        places=1,
    )


def convolution(settings: ParameterExplosion) -> Counted:
    """Count a convolution of stride 1 that keeps the size of the picture."""
    kernel = settings.kernel_size
    return Counted(
        factors=(kernel, kernel, CHANNELS, settings.filters),
        biases=settings.filters,
        places=settings.image_size**2,
    )


def work_out(settings: ParameterExplosion) -> Answer:
    """Count both layers, and both again for larger and smaller pictures."""
    dense, shared = dense_layer(settings), convolution(settings)
    times = dense.parameters / shared.parameters
    more_work = shared.multiply_adds / dense.multiply_adds
    return Answer(
        verdict="holds",
        sentence=f"On a picture of {settings.image_size} × {settings.image_size} pixels the dense layer takes {dense.parameters:,} parameters, "
        f"the convolution {shared.parameters:,}: {_times(times)} as many.",
        meaning="A dense layer has a weight for every number of the picture: twice the side, four times the weights. A convolution uses "
        "the same few weights at every place, so its parameters do not depend on the picture. Its work does: here it takes "
        f"{_times(more_work)} the multiply-adds of the dense layer. Shared weights save memory, and pictures to learn them from.",
        numbers=(
            Number(label="Dense layer", value=f"{dense.parameters:,}", sentence=dense.written_out),
            Number(label="Convolution", value=f"{shared.parameters:,}", sentence=shared.written_out),
            Number(
                label="Memory of the parameters",
                value=f"{_megabytes(dense.num_bytes)} MB",
                sentence=f"against {shared.num_bytes / 1e3:,.1f} kB; {_megabytes(dense.num_bytes * KEPT_BY_ADAM)} MB while Adam "
                f"trains the dense layer",
            ),
            Number(
                label="Multiply-adds a picture",
                value=f"{dense.multiply_adds:,}",
                sentence=f"by the dense layer, {shared.multiply_adds:,} by the convolution",
            ),
        ),
        charts=(_growth(settings),),
        scores={
            "dense weights": dense.weights,
            "dense parameters": dense.parameters,
            "convolution parameters": shared.parameters,
            "dense multiply-adds": dense.multiply_adds,
            "convolution multiply-adds": shared.multiply_adds,
        },
    )


def _growth(settings: ParameterExplosion) -> LineChart:
    sizes = sorted({*SIZES, settings.image_size})
    each = [settings.with_changes(image_size=size) for size in sizes]
    return LineChart(
        title="Parameters of one layer as pictures grow",
        x_label="Picture size (pixels a side)",
        y_label="Parameters",
        x_log=True,
        y_log=True,
        lines=tuple(
            Line(label=label, x=tuple(sizes), y=tuple(count(one).parameters for one in each))
            for label, count in (
                (f"Dense layer, {settings.neurons} neurons", dense_layer),
                (f"Convolution, {settings.filters} filters", convolution),
            )
        ),
    )


def _times(factor: float) -> str:
    return f"{factor:,.0f} times" if factor >= 10.0 else f"{factor:.2g} times"


def _megabytes(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:,.1f}"


CLAIM = Claim(
    id="parameter_explosion",
    title="A dense layer on pictures takes too many weights",
    says="A dense layer of 256 neurons on a colour picture of 224 × 224 pixels needs 38.5 million parameters: too many to learn well.",
    exactly="224 × 224 × 3 × 256 = 38,535,168 weights, and 256 biases make 38,535,424; a convolution of 32 filters of 3 × 3 takes 896. What it "
    "does not save is work: those 896 are used at 50,176 places, 43.4 million multiply-adds against 38.5 million of the dense layer "
    "(Goodfellow et al. 2016, section 9.2, https://www.deeplearningbook.org/contents/convnets.html).",
    experiment="Change the picture and both layers, and follow how each number comes about and how it grows.",
    icon=":material/trending_up:",
    settings=ParameterExplosion,
    measure=None,
)
