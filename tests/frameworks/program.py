"""A program of a user, which knows nothing of budgets: it makes the steps of one form, and tells what it saw.

`opentelemetry-instrument python -m tests.frameworks.program FORM URL STEPS` prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys

from .forms import FORMS, Task


def main(name: str, url: str, steps: str) -> None:
    """Make so many steps, swallowing what is raised."""
    form = next(form for form in FORMS if form.name == name)
    step = form.start(Task(url))
    errors = []

    async def all_steps() -> None:
        for _ in range(int(steps)):
            try:
                result = step()
                if inspect.isawaitable(result):
                    await result
            except Exception as error:  # noqa: BLE001, PERF203  # as agents do
                errors.append(_chain(error))

    asyncio.run(all_steps())
    print(json.dumps(errors))  # noqa: T201


def _chain(error: BaseException | None) -> list[str]:
    names: list[str] = []
    while error is not None:
        names.append(f"{type(error).__module__}.{type(error).__name__}")
        error = error.__cause__ or error.__context__
    return names


if __name__ == "__main__":
    main(*sys.argv[1:])
