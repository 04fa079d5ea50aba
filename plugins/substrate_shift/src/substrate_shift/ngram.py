"""An n-gram language model: it draws tokens, and says how probable each of them was."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

from substrate_shift.corpus import Corpus
from substrate_shift.smoothing import Rule, Smoothing, rule_for

__all__ = ["NgramModel"]

Context: TypeAlias = tuple[int, ...]
Table: TypeAlias = dict[Context, dict[int, int]]


@dataclass(frozen=True, slots=True)
class _Row:
    """One context, ready to use; ``heights`` are the running sums of the direct shares."""

    tokens: tuple[int, ...]
    heights: tuple[float, ...]
    direct: dict[int, float]
    left: float


def _count(tokens: Sequence[int], length: int) -> Table:
    """Count what follows each context of ``length`` tokens."""
    table: Table = {}
    if length == 0:
        followers = table.setdefault((), {})
        for token in tokens:
            followers[token] = followers.get(token, 0) + 1
        return table
    for gram in zip(*(tokens[i:] for i in range(length + 1)), strict=False):
        followers = table.setdefault(gram[:-1], {})
        followers[gram[-1]] = followers.get(gram[-1], 0) + 1
    return table


def _count_contexts(longer: Table) -> Table:
    """Count, for each shorter context, in how many longer ones each token follows (Kneser-Ney)."""
    table: Table = {}
    for context, counts in longer.items():
        followers = table.setdefault(context[1:], {})
        for token in counts:
            followers[token] = followers.get(token, 0) + 1
    return table


class NgramModel:
    """A model of a given order (1 looks at no token before, 2 at one, ...) and smoothing.

    The shortest context falls back on all tokens being equally probable, so that no token of the
    vocabulary is impossible. Not safe for use by several threads at once.
    """

    def __init__(self, corpus: Corpus, order: int, smoothing: Smoothing) -> None:
        if order < 1:
            raise ValueError(f"order: {order} is less than 1")
        self.order = order
        self.smoothing = smoothing
        self.vocabulary = corpus.vocabulary
        self._uniform = 1 / len(corpus.vocabulary)
        # Adding k falls back on the uniform distribution at once, so it has no shorter contexts.
        lengths = [order - 1] if smoothing == "add-k" else range(order - 1, -1, -1)
        self._tables: list[Table] = []
        for length in lengths:
            if smoothing == "kneser-ney" and self._tables:
                self._tables.append(_count_contexts(self._tables[-1]))
            else:
                self._tables.append(_count(corpus.tokens, length))
        self._lengths = tuple(lengths)
        self._rules: list[Rule] = [
            rule_for(smoothing, table, len(corpus.vocabulary)) for table in self._tables
        ]
        # Rows are made when a context is first met: of most contexts none ever is.
        self._rows: list[dict[Context, _Row | None]] = [{} for _ in self._tables]

    def probability(self, context: Sequence[int], token: int) -> float:
        """Give the probability of ``token`` after ``context``; only its last tokens count."""
        if not 0 <= token < len(self.vocabulary):
            raise ValueError(f"token: {token} is not in the vocabulary")
        total, left = 0.0, 1.0
        for level in range(len(self._tables)):
            row = self._row(level, context)
            if row is not None:
                total += left * row.direct.get(token, 0.0)
                left *= row.left
        return total + left * self._uniform

    def draw(self, context: Sequence[int], source: random.Random) -> int:
        """Draw the token after ``context`` with the probability that ``probability`` gives."""
        for level in range(len(self._tables)):
            row = self._row(level, context)
            if row is None:
                continue
            height = source.random()
            if height < row.heights[-1]:
                return row.tokens[bisect_right(row.heights, height)]
        return source.randrange(len(self.vocabulary))

    def _row(self, level: int, context: Sequence[int]) -> _Row | None:
        """Give the row of the context at this level; None when it was never seen in training."""
        length = self._lengths[level]
        if len(context) < length:
            return None
        key = tuple(context[len(context) - length :])
        rows = self._rows[level]
        if key not in rows:
            counts = self._tables[level].get(key)
            rows[key] = None if counts is None else self._make_row(level, counts)
        return rows[key]

    def _make_row(self, level: int, counts: dict[int, int]) -> _Row:
        direct, left = self._rules[level](counts)
        return _Row(tuple(direct), tuple(accumulate(direct.values())), direct, left)
