"""An agent that never gets done and swallows every error: not one line here knows of a cap.

    OTEL_TOKENS_CONFIG=examples/caps/otel-tokens.toml opentelemetry-instrument python examples/caps/agent.py

`make demo` runs it against a simulator.
"""

from __future__ import annotations

import openai


STEPS = 300


def step(client: openai.OpenAI, number: int) -> bool:
    """Ask what to do next; whether there was an answer."""
    try:
        client.chat.completions.create(
            model="gpt-4o",
            messages=[{"role": "user", "content": f"Step {number}: the tool has failed. What next?"}],
            max_tokens=200,
        )
    except Exception:  # noqa: BLE001  # as so many agents do
        return False
    return True


if __name__ == "__main__":
    with openai.OpenAI() as gpt:
        answers = sum([step(gpt, number) for number in range(STEPS)])
    print(f"the agent has tried {STEPS} times and got {answers} answers")
