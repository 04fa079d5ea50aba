"""So many restarts in so many seconds, and not one more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from athanor.actors.intensity import Intensity, RestartLimit, delay_s
from tests.support.actors import ManualClock

steps = st.lists(st.floats(0, 3, allow_nan=False), max_size=40)


def restarts_allowed(limit, gaps):
    """Yield for each death whether it may be restarted, until the first that may not."""
    clock = ManualClock()
    intensity = Intensity(limit, clock)
    for gap in gaps:
        clock.now += gap
        allowed = intensity.note_restart()
        yield clock.now, allowed
        if not allowed:
            return


@given(gaps=steps, max_restarts=st.integers(0, 5), max_seconds=st.floats(0.1, 10))
def test_it_gives_up_exactly_when_the_window_is_full(gaps, max_restarts, max_seconds):
    restarted = []
    for now, allowed in restarts_allowed(RestartLimit(max_restarts, max_seconds), gaps):
        in_window = [t for t in restarted if t >= now - max_seconds]
        assert allowed == (len(in_window) < max_restarts)
        restarted.append(now)


@given(gaps=steps, max_restarts=st.integers(0, 5))
def test_no_window_ever_holds_more_than_the_limit(gaps, max_restarts):
    allowed = [
        t for t, is_allowed in restarts_allowed(RestartLimit(max_restarts, 5), gaps) if is_allowed
    ]
    for start in allowed:
        assert sum(start <= t <= start + 5 for t in allowed) <= max_restarts


@given(count=st.integers(1, 2000))
def test_it_remembers_no_more_times_than_it_must(count):
    intensity = Intensity(RestartLimit(3, 5), clock := ManualClock())
    for _ in range(count):
        clock.now += 2
        assert intensity.note_restart()
    assert intensity.in_window() <= 3


def test_a_restart_exactly_max_seconds_ago_still_counts():
    intensity = Intensity(RestartLimit(1, 5), clock := ManualClock())
    assert intensity.note_restart()
    clock.now = 5.0
    assert not intensity.note_restart()
    clock.now = 5.1
    assert intensity.note_restart()


@pytest.mark.parametrize(
    ("backoff", "restarts", "expected"),
    [(None, 5, 0), (2.0, 1, 0), (2.0, 2, 2.0), (lambda n: n * 10, 1, 0), (lambda n: n * 10, 3, 20)],
)
def test_the_first_restart_of_a_window_is_never_delayed(backoff, restarts, expected):
    assert delay_s(backoff, restarts) == expected
