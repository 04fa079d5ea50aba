"""How a model shares probability between what it has seen after a context and what it has not.

Every rule here takes the counts of one context and answers with two things: the *direct* share of
each token seen there, and the share that is left for the model of the next shorter context. That
is the interpolated form ``P(w | h) = direct(h, w) + left(h) * P(w | shorter h)``: it sums to one
whenever the direct shares and what is left do, and one can draw from it in two steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias, get_args

__all__ = ["SMOOTHINGS", "Rule", "Smoothing", "rule_for"]

Counts: TypeAlias = Mapping[int, int]
Rule: TypeAlias = Callable[[Counts], tuple[dict[int, float], float]]
Smoothing: TypeAlias = Literal["add-k", "jelinek-mercer", "witten-bell", "kneser-ney"]

SMOOTHINGS: tuple[Smoothing, ...] = get_args(Smoothing)

_ADDED = 0.001
_SEEN_WEIGHT = 0.7


def _witten_bell(counts: Counts) -> tuple[dict[int, float], float]:
    """Leave as much for the unseen as different tokens followed the context."""
    total = sum(counts.values()) + len(counts)
    return {token: count / total for token, count in counts.items()}, len(counts) / total


def _jelinek_mercer(counts: Counts) -> tuple[dict[int, float], float]:
    """Leave the same share everywhere."""
    total = sum(counts.values())
    direct = {token: _SEEN_WEIGHT * count / total for token, count in counts.items()}
    return direct, 1 - _SEEN_WEIGHT


def _add_k(vocabulary_size: int) -> Rule:
    """Pretend that every token of the vocabulary was seen ``k`` times more; the rest is uniform."""
    added = _ADDED * vocabulary_size

    def rule(counts: Counts) -> tuple[dict[int, float], float]:
        total = sum(counts.values()) + added
        return {token: count / total for token, count in counts.items()}, added / total

    return rule


def _kneser_ney(table: Mapping[tuple[int, ...], Counts]) -> Rule:
    """Take the same discount off every count; its size is estimated from the rare counts."""
    seen_once = seen_twice = 0
    for counts in table.values():
        for count in counts.values():
            seen_once += count == 1
            seen_twice += count == 2
    discount = seen_once / (seen_once + 2 * seen_twice) if seen_once else 0.5

    def rule(counts: Counts) -> tuple[dict[int, float], float]:
        total = sum(counts.values())
        direct = {token: (count - discount) / total for token, count in counts.items()}
        return direct, discount * len(counts) / total

    return rule


def rule_for(
    smoothing: Smoothing, table: Mapping[tuple[int, ...], Counts], vocabulary_size: int
) -> Rule:
    """Give the rule of a smoothing for the counts of one order, ``table``."""
    match smoothing:
        case "add-k":
            return _add_k(vocabulary_size)
        case "jelinek-mercer":
            return _jelinek_mercer
        case "witten-bell":
            return _witten_bell
        case "kneser-ney":
            return _kneser_ney(table)
