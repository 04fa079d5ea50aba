"""The models by name: an order and a smoothing, trained at first use and kept for the process."""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias, get_args

from substrate_shift.corpus import load_corpus
from substrate_shift.ngram import NgramModel
from substrate_shift.smoothing import SMOOTHINGS, Smoothing

__all__ = ["MODEL_NAMES", "ModelName", "load_model", "parse_model_name"]

# There is no add-k beyond bigrams: after its first unseen context it meets no seen one any more, and
# writes words at random for ever.
ModelName: TypeAlias = Literal[
    "unigram",
    "bigram-add-k",
    "bigram-jelinek-mercer",
    "bigram-witten-bell",
    "bigram-kneser-ney",
    "trigram-jelinek-mercer",
    "trigram-witten-bell",
    "trigram-kneser-ney",
    "fourgram-jelinek-mercer",
    "fourgram-witten-bell",
    "fourgram-kneser-ney",
    "fivegram-jelinek-mercer",
    "fivegram-witten-bell",
    "fivegram-kneser-ney",
]

MODEL_NAMES: tuple[ModelName, ...] = get_args(ModelName)

_ORDERS = {"unigram": 1, "bigram": 2, "trigram": 3, "fourgram": 4, "fivegram": 5}


def parse_model_name(name: str) -> tuple[int, Smoothing]:
    """Give the order and the smoothing that a name stands for. Raises ``ValueError`` for no name."""
    if name not in MODEL_NAMES:
        raise ValueError(f"{name!r} is not a model; there are {', '.join(MODEL_NAMES)}")
    if name == "unigram":
        # One context with all the text behind it: the smoothings hardly differ there.
        return 1, "witten-bell"
    order, _, wanted = name.partition("-")
    return _ORDERS[order], next(smoothing for smoothing in SMOOTHINGS if smoothing == wanted)


@cache
def load_model(name: str) -> NgramModel:
    """Train the model of this name on the corpus, once in a process (0.1 to 0.6 s of CPU)."""
    order, smoothing = parse_model_name(name)
    return NgramModel(load_corpus(), order, smoothing)
