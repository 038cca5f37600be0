"""Cuts pictures by share and deals them into folds: class by class, whole groups at a time, the same for the same seed.

Large groups come first, each to where it leaves the classes most even; single pictures then fill up
what is missing. This module never knows where pictures came from.
"""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

TRAINING, VALIDATION, TEST = "training", "validation", "test"
SPLITS = (TRAINING, VALIDATION, TEST)


def cut(
    before: np.ndarray, *, labels: np.ndarray, groups: np.ndarray, shares: Mapping[str, float], seed: int
) -> np.ndarray:
    """Put a pool of pictures into splits; what has a split already keeps it, and takes its group along.

    Args:
        before: The split that each picture has, '' where none, shape (N,).
        labels: Class of each picture, int, shape (N,).
        groups: Equal for pictures that stay together, int, shape (N,).
        shares: Of validation and of test; 0 cuts none.
        seed: The same seed cuts alike.

    Returns:
        One of `SPLITS` for each picture, shape (N,), dtype object (of str).
    """
    if not len(labels):
        return before
    table = _Groups.of(labels, groups)
    sides = np.full(table.number, -1)
    placed = before != ""
    sides[table.group[placed]] = [SPLITS.index(split) for split in before[placed]]
    totals = np.bincount(labels)
    wanted = np.array([_wanted(int(total), shares) for total in totals])
    have = np.zeros_like(wanted)
    for number in np.flatnonzero(sides >= 0):
        classes, counts = table.content(number)
        have[classes, sides[number]] += counts
    free = sides < 0
    random = np.random.default_rng([seed, 0])
    asked = [0, *(place for place in (1, 2) if shares.get(SPLITS[place], 0.0) > 0.0)]
    for number in table.large_first(free, random):
        classes, counts = table.content(number)
        off = have[classes] - wanted[classes]
        # How much further from what was asked all would be: the square of what is over or missing.
        costs = (counts[:, None] * (2 * off + counts[:, None])).sum(axis=0)
        side = min(asked, key=lambda place: (costs[place], place))
        sides[number] = side
        have[classes, side] += counts
    _fill_up(sides, have, wanted=wanted, table=table, seed=seed)
    _leave_no_class_out(sides, have, wanted=wanted, table=table, free=free)
    return np.where(placed, before, np.array(SPLITS, dtype=object)[sides[table.group]])


def deal_folds(labels: np.ndarray, *, groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Deal pictures into folds, each class as evenly as its groups allow.

    A class of one group alone is in no fold: held out, nobody could learn it.

    Args:
        labels: Class of each picture, int, shape (N,).
        groups: Equal for pictures that stay together, int, shape (N,).
        folds: How many, at least 2.
        seed: The same seed deals alike.

    Returns:
        The fold of each picture, from 0, or -1 for none, int, shape (N,).
    """
    if not len(labels):
        return np.empty(0, dtype=int)
    table = _Groups.of(labels, groups)
    fold_of = np.full(table.number, -1)
    totals = np.bincount(labels)
    have = np.zeros((len(totals), folds))
    random = np.random.default_rng([seed, folds])
    alone = table.alone()
    for number in table.large_first(~alone, random):
        classes, counts = table.content(number)
        # Against the size of the class, so that a small class counts as much as a large one.
        costs = (counts[:, None] * (2 * have[classes] + counts[:, None]) / totals[classes, None]).sum(axis=0)
        fold = np.lexsort((have.sum(axis=0), costs))[0]
        fold_of[number] = fold
        have[classes, fold] += counts
    for label, singles in table.singles(~alone & (fold_of < 0)):
        # Of folds with equally many of this class the one with the fewest pictures comes first.
        rank = np.argsort(np.argsort(have.sum(axis=0), kind="stable"), kind="stable")
        heap = [(have[label, fold], int(rank[fold]), fold) for fold in range(folds)]
        heapq.heapify(heap)
        for number in np.random.default_rng([seed, folds, label]).permutation(singles):
            count, place, fold = heap[0]
            fold_of[number] = fold
            have[label, fold] += 1
            heapq.heapreplace(heap, (count + 1, place, fold))
    return fold_of[table.group]


def share_out(total: int, *, shares: Mapping[str, float]) -> dict[str, int]:
    """Say how many of a class's pictures shares mean.

    Rounded, but at least one each and one left for training; of a class too small for that,
    validation comes before test, and training before both.
    """
    counts = dict.fromkeys(shares, 0)
    asked = [split for split in (VALIDATION, TEST) if shares.get(split, 0.0) > 0.0][: max(total - 1, 0)]
    left = total
    for place, split in enumerate(asked):
        still_to_come = len(asked) - place
        counts[split] = min(max(1, round(total * shares[split])), left - still_to_come)
        left -= counts[split]
    return counts


@dataclass(frozen=True, kw_only=True)
class _Groups:
    """Which classes each group holds, and how many of each."""

    number: int
    group: np.ndarray
    """Of each picture, from 0."""
    starts: np.ndarray
    """Where each group begins in `classes` and `counts`; one more than there are groups."""
    classes: np.ndarray
    counts: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, groups: np.ndarray) -> "_Groups":
        names, member = np.unique(groups, return_inverse=True)
        width = int(labels.max()) + 1
        pairs, counts = np.unique(member.astype(np.int64) * width + labels, return_counts=True)
        starts = np.searchsorted(pairs // width, np.arange(len(names) + 1))
        return cls(
            number=len(names),
            group=member,
            starts=starts,
            classes=pairs % width,
            counts=counts,
            sizes=np.bincount(member, minlength=len(names)),
        )

    def content(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """The classes of a group, and how many pictures of each."""
        own = slice(self.starts[number], self.starts[number + 1])
        return self.classes[own], self.counts[own]

    def large_first(self, which: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Groups of several pictures, the largest first, equal ones by chance."""
        found = random.permutation(np.flatnonzero(which & (self.sizes > 1)))
        return found[np.argsort(-self.sizes[found], kind="stable")]

    def singles(self, which: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Pictures that are in a group of their own, class by class."""
        found = np.flatnonzero(which & (self.sizes == 1))
        labels = self.classes[self.starts[found]]
        order = np.argsort(labels, kind="stable")
        for part in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
            if len(part):
                yield int(labels[part[0]]), found[part]

    def alone(self) -> np.ndarray:
        """Whether a group is all that there is of one of its classes, bool, shape (groups,)."""
        of_class = np.bincount(self.classes)
        found = np.zeros(self.number, dtype=bool)
        owner = np.repeat(np.arange(self.number), np.diff(self.starts))
        found[owner[of_class[self.classes] == 1]] = True
        return found


def _wanted(total: int, shares: Mapping[str, float]) -> tuple[int, int, int]:
    counts = share_out(total, shares=shares)
    apart = [counts.get(split, 0) for split in (VALIDATION, TEST)]
    return total - sum(apart), apart[0], apart[1]


def _fill_up(sides: np.ndarray, have: np.ndarray, *, wanted: np.ndarray, table: _Groups, seed: int) -> None:
    """Give each class's single pictures to test and validation until nothing is missing there; the rest learns."""
    for label, singles in table.singles(sides < 0):
        waiting = np.random.default_rng([seed, label]).permutation(singles)
        for side in (2, 1, 0):
            count = max(int(wanted[label, side] - have[label, side]), 0) if side else len(waiting)
            sides[waiting[:count]] = side
            have[label, side] += len(waiting[:count])
            waiting = waiting[count:]


def _leave_no_class_out(
    sides: np.ndarray, have: np.ndarray, *, wanted: np.ndarray, table: _Groups, free: np.ndarray
) -> None:
    """Move the smallest group that can be spared to where a class that belongs there has no picture at all."""
    owner = np.repeat(np.arange(table.number), np.diff(table.starts))
    for label, side in np.argwhere((have == 0) & (wanted > 0)):
        holders = owner[(table.classes == label) & free[owner]]
        for number in holders[np.argsort(table.sizes[holders], kind="stable")]:
            classes, counts = table.content(number)
            left = have[classes, sides[number]] - counts
            # Training needs a class more than validation does, and validation more than the test.
            if have[label, side] == 0 and ((left > 0).all() or sides[number] > side):
                have[classes, sides[number]] -= counts
                have[classes, side] += counts
                sides[number] = side
