"""The network that is being built on the Build page: its blocks, which one is selected, and the way back.

A block keeps its number while it moves, so that a click that was under way when the list changed never
meets another block. This module never imports Streamlit and never draws anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cnnlab.errors import SpecError
from cnnlab.specs.blocks import BLOCKS, Block
from cnnlab.specs.networks import MOST_BLOCKS, BlockNetwork

MOST_STEPS_BACK = 100


@dataclass(frozen=True, kw_only=True)
class _Moment:
    """All there is to know at one point in time; undo goes back to one."""

    network: BlockNetwork
    numbers: tuple[int, ...]
    """One a block, in the order of the blocks."""
    selected: int | None


class Draft:
    """A network while it is edited, with undo and redo."""

    def __init__(
        self, network: BlockNetwork, *, origin: str = "", address: Mapping[str, str] | None = None
    ) -> None:
        self.origin = origin
        """What it started from, as other pages name it: 'preset:lesson_cnn', 'architecture:<id>'."""
        self.address = dict(address or {})
        """The part of the page's address that brings back what was written last; empty at the very start."""
        self.written = network
        """The network as that address knows it; whoever writes it anew says so here."""
        self.generation = 0
        """Grows when settings change other than by their form: forms of older generations are void."""
        self._next_number = 0
        self._past: list[_Moment] = []
        self._future: list[_Moment] = []
        self._now = self._fresh(network)

    @property
    def network(self) -> BlockNetwork:
        """The network as it is now."""
        return self._now.network

    @property
    def numbers(self) -> tuple[int, ...]:
        """The number of each block, in order."""
        return self._now.numbers

    @property
    def selected(self) -> int | None:
        """The number of the selected block, or None in an empty network."""
        return self._now.selected

    @property
    def position(self) -> int | None:
        """Where the selected block stands, from 0."""
        return None if self.selected is None else self.numbers.index(self.selected)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return bool(self._future)

    def open(self, network: BlockNetwork, *, origin: str, address: Mapping[str, str]) -> None:
        """Go on with what another address holds; undo still leads back, to a new address."""
        self.start_from(network, origin=origin)
        self.address, self.written = dict(address), network

    def start_from(self, network: BlockNetwork, *, origin: str) -> None:
        """Replace everything; undo still leads back."""
        self.origin = origin
        self.generation += 1
        self._step(self._fresh(network))

    def add(self, kind: str) -> None:
        """Put a new block behind the selected one, or at the end, and select it."""
        at = len(self.numbers) if self.position is None else self.position + 1
        self._insert(BLOCKS[kind](), at=at)

    def duplicate(self) -> None:
        """Put a copy of the selected block behind it."""
        if self.position is not None:
            self._insert(self.network.blocks[self.position], at=self.position + 1)

    def remove(self, number: int | None = None) -> None:
        """Take a block out, the selected one unless said otherwise, and select its neighbour."""
        number = self.selected if number is None else number
        if number not in self.numbers:
            return
        at = self.numbers.index(number)
        numbers = _without(self.numbers, at)
        selected = self.selected
        if selected == number:
            selected = numbers[min(at, len(numbers) - 1)] if numbers else None
        self._change(_without(self.network.blocks, at), numbers, selected=selected)

    def move(self, by: int) -> None:
        """Move the selected block up (negative) or down, as far as it goes."""
        if self.position is None:
            return
        order = list(self.numbers)
        order.insert(max(0, self.position + by), order.pop(self.position))
        self.arrange(order, selected=self.selected)

    def arrange(self, order: Sequence[int], *, selected: int | None) -> None:
        """Put the blocks into an order and select one; an order of other blocks than these is ignored."""
        if sorted(order) != sorted(self.numbers):
            return
        if selected in self.numbers and selected != self.selected:
            self._now = replace(self._now, selected=selected)
        if tuple(order) != self.numbers:
            blocks = tuple(self.network.blocks[self.numbers.index(number)] for number in order)
            self._change(blocks, tuple(order), selected=self.selected)

    def replace_block(self, block: Block) -> None:
        """Give the selected block other settings."""
        if self.position is None or block == self.network.blocks[self.position]:
            return
        blocks = list(self.network.blocks)
        blocks[self.position] = block
        self._change(tuple(blocks), self.numbers, selected=self.selected)

    def change(self, **settings: Any) -> None:
        """Change the name or the image size.

        Raises:
            SpecError: The setting is out of range; the network is as it was.
        """
        network = self.network.with_changes(**settings)
        if network != self.network:
            self._step(replace(self._now, network=network))

    def rename(self, name: str) -> None:
        """Give it a name that nobody typed; forms show it."""
        self.change(name=name)
        self.generation += 1

    def undo(self) -> None:
        """Go one step back."""
        self._travel(self._past, self._future)

    def redo(self) -> None:
        """Go one step forward again."""
        self._travel(self._future, self._past)

    def _travel(self, source: list[_Moment], target: list[_Moment]) -> None:
        if source:
            target.append(self._now)
            self._now = source.pop()
            self.generation += 1

    def _insert(self, block: Block, *, at: int) -> None:
        if len(self.numbers) >= MOST_BLOCKS:
            raise SpecError(
                f"A network has at most {MOST_BLOCKS} blocks. Use 'In a row' of a convolution, or remove a block."
            )
        number = self._number()
        blocks, numbers = list(self.network.blocks), list(self.numbers)
        blocks.insert(at, block)
        numbers.insert(at, number)
        self._change(tuple(blocks), tuple(numbers), selected=number)

    def _change(self, blocks: tuple[Block, ...], numbers: tuple[int, ...], *, selected: int | None) -> None:
        network = self.network.model_copy(update={"blocks": blocks})
        self._step(_Moment(network=network, numbers=numbers, selected=selected))

    def _step(self, moment: _Moment) -> None:
        self._past = [*self._past, self._now][-MOST_STEPS_BACK:]
        self._future.clear()
        self._now = moment

    def _fresh(self, network: BlockNetwork) -> _Moment:
        numbers = tuple(self._number() for _ in network.blocks)
        return _Moment(network=network, numbers=numbers, selected=numbers[0] if numbers else None)

    def _number(self) -> int:
        self._next_number += 1
        return self._next_number


def _without(items: tuple[Any, ...], at: int) -> tuple[Any, ...]:
    return items[:at] + items[at + 1 :]
