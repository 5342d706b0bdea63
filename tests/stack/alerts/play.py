"""The order of the scene: calm, all causes and their ends, and then failures of the programs themselves."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

from ..queries import scalar
from . import budgets, programs, spending
from .programs import Application
from .scene import Scene


USUAL: Final = (
    'otel_tokens:spender_usd:median1d{service_name="spiky"}',
    'otel_tokens:spender_usd:median1d{service_name="loop"}',
    'otel_tokens:calls_per_trace:median1d{service_name="agent"}',
    'otel_tokens:prompt_tokens:median1d{service_name="prompts"}',
    'otel_tokens:cache_hits:median1d{service_name="cached"}',
)
"""What has to be known before anything can be unusual. It takes three and a half hours of the rules."""
_PATIENCE_S: Final = 240


def play(scene: Scene) -> None:
    """Play it, from beginning to end."""
    config = programs.budget_file(scene.stack.folder)
    with ExitStack() as applications:
        capped = applications.enter_context(Application(scene, "capped", config))
        wasteful = applications.enter_context(Application(scene, "wasteful"))
        causes = [
            *budgets.all_of(scene),
            *spending.all_of(scene),
            programs.capped(scene, capped, config),
            programs.wasteful(wasteful),
            programs.dropping(scene),
            programs.rules_failing(scene),
        ]
        scene.until(lambda: is_usual(scene), _PATIENCE_S)
        scene.note_calm()
        scene.play(causes)
    for fails in (programs.collector_down, programs.people_refuse, programs.alertmanager_down):
        scene.play([fails(scene)])
    scene.prometheus.stop()
    scene.listen()


def is_usual(scene: Scene) -> bool:
    """Whether the usual of everything is known."""
    known = " or ".join(f'label_replace({each}, "what", "{each.split("{")[0]}", "", "")' for each in USUAL)
    return scalar(scene.stack.ports.prometheus, f"count({known})") == len(USUAL)
