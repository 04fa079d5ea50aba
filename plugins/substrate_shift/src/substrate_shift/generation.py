"""A text of which one model writes the first part and another the rest."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from substrate_shift.corpus import Corpus, join_tokens
from substrate_shift.ngram import NgramModel

__all__ = ["GeneratedText", "write_text"]

_PROMPT_TOKENS = 4


@dataclass(frozen=True, slots=True)
class GeneratedText:
    """A text and what an interface would report of it.

    ``log_probabilities[i]`` is the natural logarithm of the probability that the model which drew
    token ``i`` gave it. ``switched_at`` is the first token of the second model, None without one.
    """

    tokens: tuple[int, ...]
    log_probabilities: tuple[float, ...]
    switched_at: int | None
    vocabulary: tuple[str, ...]

    def excerpt(self, position: int, *, before: int, after: int) -> str:
        """Give the words around a token, with a bar in front of it."""
        words = [self.vocabulary[token] for token in self.tokens]
        head = join_tokens(words[max(0, position - before) : position])
        tail = join_tokens(words[position : position + after])
        return f"{head} ‖ {tail}".strip()


def write_text(
    model_a: NgramModel,
    model_b: NgramModel,
    corpus: Corpus,
    source: random.Random,
    *,
    length_tokens: int,
    switch_at: int | None,
) -> GeneratedText:
    """Let ``model_a`` write, and ``model_b`` go on from token ``switch_at``, seeing what was written.

    The text begins after a prompt, a few tokens from a random place of the corpus, so that there
    is no special first sentence; the prompt is not part of it.
    """
    start = source.randrange(len(corpus.tokens) - _PROMPT_TOKENS)
    context = list(corpus.tokens[start : start + _PROMPT_TOKENS])
    log_probabilities: list[float] = []
    model = model_a
    for position in range(length_tokens):
        if position == switch_at:
            model = model_b
        recent = context[-_PROMPT_TOKENS:]
        token = model.draw(recent, source)
        log_probabilities.append(math.log(model.probability(recent, token)))
        context.append(token)
    return GeneratedText(
        tokens=tuple(context[_PROMPT_TOKENS:]),
        log_probabilities=tuple(log_probabilities),
        switched_at=switch_at,
        vocabulary=corpus.vocabulary,
    )
