"""The English text that the models learn from: the prose of Python's own language reference.

It ships with every Python as ``pydoc_data.topics``, so nothing is downloaded. Another version of
Python has a slightly different text: figures agree between machines of one Python version only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

__all__ = ["Corpus", "join_tokens", "load_corpus", "tokenize"]

_TOKEN = re.compile(r"[a-z]+(?:['’][a-z]+)?|[.,;:?!()]")
_CODE = ("::=", ">>>", "+--", "---", "===", "***")
_FEWEST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Corpus:
    """A text as numbers: ``tokens[i]`` is an index into ``vocabulary``."""

    vocabulary: tuple[str, ...]
    tokens: tuple[int, ...]


def tokenize(text: str) -> list[str]:
    """Split a text into lower-case words and punctuation; everything else is dropped."""
    return _TOKEN.findall(text.lower())


def join_tokens(tokens: list[str]) -> str:
    """Write tokens as a line of text, punctuation set close to its word."""
    text = " ".join(tokens)
    return re.sub(r"\( ", "(", re.sub(r" ([.,;:?!)])", r"\1", text))


def _prose(topics: dict[str, str]) -> Iterator[str]:
    """Give each paragraph of prose once: the reference repeats whole sections, and has much code."""
    seen: set[str] = set()
    for _, topic in sorted(topics.items()):
        for paragraph in topic.split("\n\n"):
            text = " ".join(paragraph.split())
            if text in seen or any(mark in text for mark in _CODE):
                continue
            seen.add(text)
            words = tokenize(text)
            # A paragraph of prose has more words than signs, and more than a heading has.
            if sum(map(str.isalpha, words)) >= max(_FEWEST_WORDS, 0.1 * len(text)):
                yield text


@cache
def load_corpus() -> Corpus:
    """Read the corpus, once in a process."""
    from pydoc_data.topics import topics

    numbers: dict[str, int] = {}
    tokens: list[int] = []
    for paragraph in _prose(topics):
        tokens += [numbers.setdefault(token, len(numbers)) for token in tokenize(paragraph)]
    return Corpus(tuple(numbers), tuple(tokens))
