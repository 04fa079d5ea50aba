"""The language models: probabilities that are probabilities, and draws that follow them."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from substrate_shift.corpus import Corpus, join_tokens, load_corpus, tokenize
from substrate_shift.generation import write_text
from substrate_shift.models import MODEL_NAMES, load_model, parse_model_name
from substrate_shift.ngram import NgramModel
from substrate_shift.smoothing import SMOOTHINGS, Smoothing


@st.composite
def small_corpora(draw: st.DrawFn) -> Corpus:
    size = draw(st.integers(1, 6))
    tokens = draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=40))
    return Corpus(tuple("abcdef"[:size]), tuple(tokens))


@settings(deadline=None, max_examples=150, derandomize=True)
@given(
    corpus=small_corpora(),
    order=st.integers(1, 5),
    smoothing=st.sampled_from(SMOOTHINGS),
    context=st.lists(st.integers(0, 5), max_size=6),
)
def test_the_probabilities_after_any_context_sum_to_one_and_none_is_negative(
    corpus: Corpus, order: int, smoothing: Smoothing, context: list[int]
) -> None:
    model = NgramModel(corpus, order, smoothing)
    probabilities = [model.probability(context, token) for token in range(len(corpus.vocabulary))]
    assert math.isclose(math.fsum(probabilities), 1, abs_tol=1e-9)
    assert all(0 <= probability <= 1 + 1e-12 for probability in probabilities)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_each_named_model_sums_to_one_after_contexts_of_the_corpus_and_after_nonsense(
    name: str,
) -> None:
    corpus, model = load_corpus(), load_model(name)
    nonsense = (1, 1, 1, 1)
    for context in (corpus.tokens[:4], corpus.tokens[1000:1004], nonsense, ()):
        total = math.fsum(
            model.probability(context, token) for token in range(len(corpus.vocabulary))
        )
        assert math.isclose(total, 1, abs_tol=1e-9)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_tokens_are_drawn_as_often_as_their_probability_says(smoothing: Smoothing) -> None:
    tokens = tuple(random.Random(3).choices(range(5), weights=(8, 4, 2, 1, 1), k=300))
    model = NgramModel(Corpus(tuple("abcde"), tokens), 3, smoothing)
    source, draws = random.Random(11), 20_000
    for context in ((0, 1), (4, 4)):
        counts = Counter(model.draw(context, source) for _ in range(draws))
        for token in range(5):
            expected = model.probability(context, token)
            spread = math.sqrt(expected * (1 - expected) / draws)
            assert abs(counts[token] / draws - expected) < 4.5 * spread + 1e-9


def test_the_log_probabilities_of_a_text_are_those_of_the_model_that_wrote_each_token() -> None:
    corpus = load_corpus()
    model_a, model_b = load_model("bigram-witten-bell"), load_model("trigram-kneser-ney")
    text = write_text(model_a, model_b, corpus, random.Random(5), length_tokens=60, switch_at=30)
    for position in range(4, 60):
        model = model_a if position < 30 else model_b
        expected = math.log(model.probability(text.tokens[:position], text.tokens[position]))
        assert text.log_probabilities[position] == pytest.approx(expected, abs=1e-12)


def test_a_higher_order_is_less_surprised_by_its_own_text() -> None:
    corpus = load_corpus()
    means = []
    for name in ("unigram", "bigram-witten-bell", "trigram-witten-bell", "fourgram-witten-bell"):
        model = load_model(name)
        text = write_text(
            model, model, corpus, random.Random(2), length_tokens=3000, switch_at=None
        )
        means.append(math.fsum(text.log_probabilities) / 3000)
    assert means == sorted(means)
    assert means[-1] - means[0] > 2


def test_a_token_outside_the_vocabulary_is_refused() -> None:
    model = load_model("unigram")
    with pytest.raises(ValueError, match="not in the vocabulary"):
        model.probability((), len(model.vocabulary))


def test_every_name_stands_for_an_order_and_a_smoothing() -> None:
    assert parse_model_name("unigram") == (1, "witten-bell")
    assert parse_model_name("fivegram-kneser-ney") == (5, "kneser-ney")
    assert len({parse_model_name(name) for name in MODEL_NAMES}) == len(MODEL_NAMES)
    with pytest.raises(ValueError, match="'sixgram' is not a model; there are unigram, "):
        parse_model_name("sixgram")


def test_the_corpus_is_prose_of_enough_words_and_repeats_no_paragraph() -> None:
    corpus = load_corpus()
    assert len(corpus.tokens) > 30_000
    assert 1_500 < len(corpus.vocabulary) < 10_000
    twelve = Counter(zip(*(corpus.tokens[i:] for i in range(12)), strict=False))
    assert twelve.most_common(1)[0][1] < 20


def test_tokens_are_written_as_a_line_of_text() -> None:
    tokens = tokenize("The “for” statement (see below), isn't >>> 17 done.")
    assert join_tokens(tokens) == "the for statement (see below), isn't done."
