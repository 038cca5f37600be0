"""Where a window lies as it slides over a picture: its places, the padding as TensorFlow adds it, and the formula in numbers.

What convolution and pooling have in common, for one channel and in plain NumPy. This module never
knows what is worked out inside a window.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Padding = Literal["valid", "same"]


@dataclass(frozen=True, kw_only=True)
class Sliding:
    """How a square window slides over a square picture; all numbers are pixels of one side."""

    side: int
    """Of the picture, at least as large as the window."""
    window: int
    stride: int = 1
    padding: Padding = "valid"

    @property
    def output_side(self) -> int:
        """How many places the window has in each direction."""
        if self.padding == "same":
            return -(-self.side // self.stride)
        return (self.side - self.window) // self.stride + 1

    @property
    def before(self) -> int:
        """Pixels of padding above and to the left."""
        return self._all_padding // 2

    @property
    def after(self) -> int:
        """Pixels of padding below and to the right: where their number is odd, TensorFlow puts the odd one here."""
        return self._all_padding - self.before

    @property
    def left_over(self) -> int:
        """Pixels at the right and lower edge that no window ever covers."""
        reached = (self.output_side - 1) * self.stride + self.window - self.before
        return max(self.side - reached, 0)

    @property
    def formula(self) -> str:
        """The size of the output with the numbers filled in, plain text."""
        if self.padding == "same":
            return f"⌈n / s⌉ = ⌈{self.side} / {self.stride}⌉ = {self.output_side}"
        return (
            f"⌊(n + 2p − k) / s⌋ + 1 = ⌊({self.side} + 2·0 − {self.window}) / {self.stride}⌋ + 1 "
            f"= {self.output_side}"
        )

    @property
    def left_over_in_words(self) -> str:
        """What is never covered, as a sentence; '' where everything is."""
        if not self.left_over:
            return ""
        last = "row and the last column" if self.left_over == 1 else f"{self.left_over} rows and columns"
        return f"The last {last} are never looked at."

    def pad(self, picture: np.ndarray) -> np.ndarray:
        """Put zeros around a picture, as many as the padding asks for; shape (side, side) becomes larger or stays."""
        return np.pad(picture, (self.before, self.after))

    def windows(self, picture: np.ndarray) -> np.ndarray:
        """Cut out what the window covers at each of its places.

        Args:
            picture: Shape (side, side).

        Returns:
            Shape (output_side, output_side, window, window).
        """
        every = np.lib.stride_tricks.sliding_window_view(self.pad(picture), (self.window, self.window))
        return every[:: self.stride, :: self.stride]

    @property
    def _all_padding(self) -> int:
        if self.padding == "valid":
            return 0
        return max((self.output_side - 1) * self.stride + self.window - self.side, 0)
