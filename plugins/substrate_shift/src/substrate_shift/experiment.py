"""The experiment: texts whose model is switched on the way, and a detector that is to notice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

from athanor import Definition, Experiment, RunContext
from substrate_shift import __version__
from substrate_shift.configuration import Configuration, ModelPair
from substrate_shift.figures import Figures
from substrate_shift.trial import TrialOutcome, TrialPlan
from substrate_shift.workers import run_trials

__all__ = ["SubstrateShift"]


class SubstrateShift(Experiment[Configuration]):
    """Measures how often, and where, a switch of the language model shows in log-probabilities."""

    @classmethod
    def experiment(cls) -> Definition:
        """Describe the experiment."""
        return Definition(
            name="substrate_shift",
            description=(
                "Can a change of the model underneath a text be detected? N-gram language models "
                "write texts, one takes over from another at a known token, and a change-point "
                "detector looks at the log-probabilities alone. Offline; trains its models itself."
            ),
            configuration=Configuration,
            version=__version__,
        )

    def run(self, ctx: RunContext[Configuration]) -> None:
        """Run all trials and emit each as a result, the figures as metrics, and a summary."""
        config = ctx.config
        seed = ctx.run.seed if config.seed is None else config.seed
        plans = list(_plans(config, seed))
        _announce(ctx, seed, len(plans))

        overall = Figures()
        figures = [Figures() for _ in config.model_pairs]
        trials = run_trials(
            plans, parallelism=config.parallelism, raise_if_cancelled=ctx.raise_if_cancelled
        )
        with closing(trials):
            for outcome in ctx.track(trials, "Writing and judging texts", total=len(plans)):
                pair = outcome.plan.pair
                overall.add(outcome)
                figures[pair].add(outcome)
                _emit_trial(ctx, outcome)
                if outcome.plan.control:
                    # The second text of its run: both kinds are level again.
                    _emit_metrics(ctx, "", overall)
                    _emit_metrics(ctx, f"pair_{pair}/", figures[pair])

        _emit_summary(ctx, seed, figures, overall)


def _plans(config: Configuration, seed: int) -> Iterator[TrialPlan]:
    """Give all trials, pair by pair within each run, so that the figures of all pairs grow together."""
    for run in range(config.runs_per_pair):
        for pair, models in enumerate(config.model_pairs):
            for control in (False, True):
                yield TrialPlan(
                    pair=pair,
                    number=2 * run + control,
                    model_a=models.model_a,
                    model_b=models.model_b,
                    control=control,
                    seed=seed,
                    length_tokens=config.text_length_tokens,
                    detector=config.detector,
                    permutations=config.permutations,
                    false_alarm_target=config.false_alarm_target,
                )


def _announce(ctx: RunContext[Configuration], seed: int, trials: int) -> None:
    """Say what is about to happen, and what the configuration has that may not be meant."""
    config = ctx.config
    processors = _processors()
    ctx.info(
        f"{trials} texts of {config.text_length_tokens} tokens, "
        f"{config.runs_per_pair} with a switch and as many without for each of "
        f"{len(config.model_pairs)} model pairs",
        seed=seed,
        parallelism=config.parallelism,
        processors=processors,
    )
    if config.parallelism > processors:
        ctx.warning(
            f"{config.parallelism} worker processes share {processors} processors: "
            "they will not be faster than one for each processor"
        )
    for pair, models in enumerate(config.model_pairs):
        if models.model_a == models.model_b:
            ctx.warning(
                f"pair {pair} has {models.model_a} twice: nothing changes at its switch, so "
                "whatever is detected there is a false alarm",
                pair=pair,
            )


def _emit_trial(ctx: RunContext[Configuration], outcome: TrialOutcome) -> None:
    plan = outcome.plan
    ctx.result(
        f"pair_{plan.pair}/trial_{plan.number}",
        outcome.to_result(with_log_probabilities=ctx.config.keep_log_probabilities),
    )
    found = f"change found at {outcome.best_position}" if outcome.detected else "no change found"
    truth = "control" if outcome.switched_at is None else f"switched at {outcome.switched_at}"
    ctx.debug(
        f"pair {plan.pair}, trial {plan.number}: {truth}, {found}",
        score=round(outcome.score, 3),
        p_value=round(outcome.p_value, 4),
    )


def _emit_metrics(ctx: RunContext[Configuration], prefix: str, figures: Figures) -> None:
    """Emit the figures as they are now; the step is the number of runs they are made of."""
    for name, value in figures.metrics().items():
        ctx.metric(prefix + name, value, step=figures.false_alarms.trials)


def _emit_summary(
    ctx: RunContext[Configuration], seed: int, figures: list[Figures], overall: Figures
) -> None:
    config = ctx.config
    ctx.result(
        "summary",
        {
            "pairs": [
                {"pair": pair, **models.model_dump(), **figures[pair].to_row()}
                for pair, models in enumerate(config.model_pairs)
            ],
            "overall": overall.to_row(),
            "seed": seed,
            "detector": config.detector,
            "false_alarm_target": config.false_alarm_target,
            "interval": "Wilson, 95 %",
        },
    )
    for pair, models in enumerate(config.model_pairs):
        ctx.info(f"{_title(models)}: {figures[pair]}", pair=pair)
    ctx.info(f"all pairs: {overall}")


def _processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _title(models: ModelPair) -> str:
    return f"{models.model_a} → {models.model_b}"
