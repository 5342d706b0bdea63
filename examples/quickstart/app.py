"""A small help desk, written with `openai` and `anthropic`: not one line here measures anything.

    opentelemetry-instrument python examples/quickstart/app.py

With OPENAI_API_KEY and ANTHROPIC_API_KEY set, this asks the real providers, for about two cents.
`make demo` runs it against a simulator, which both clients find in the environment.
"""

from __future__ import annotations

import asyncio

from collections.abc import Iterator
from contextlib import contextmanager

import anthropic
import openai

from openai.types.chat import ChatCompletionMessageParam
from openai.types.responses import FunctionToolParam
from openai.types.responses.response_input_param import FunctionCallOutput
from opentelemetry import baggage, context, trace


QUESTION = "May I return a bicycle that I bought three weeks ago?"
HANDBOOK = "\n".join(
    f"{n}. Goods of class {n} may come back within {n % 30 + 14} days, unused and complete."
    for n in range(1, 301)
)
PARCEL: dict[str, object] = {"type": "object", "properties": {"parcel": {"type": "string"}}}
TRACK = FunctionToolParam(type="function", name="track", parameters=PARCEL, strict=False)


@contextmanager
def request(name: str, feature: str) -> Iterator[None]:
    """Stand for an incoming request; a web framework's own instrumentation would show it."""
    token = context.attach(baggage.set_baggage("feature", feature))
    with trace.get_tracer("help-desk").start_as_current_span(name, kind=trace.SpanKind.SERVER):
        yield
    context.detach(token)


def user(content: str) -> list[ChatCompletionMessageParam]:
    """A conversation that begins with `content`."""
    return [{"role": "user", "content": content}]


def answer(client: openai.OpenAI) -> None:
    """Make two plain calls; the second model thinks before it speaks."""
    client.chat.completions.create(model="gpt-4o-mini", messages=user(QUESTION))
    client.chat.completions.create(model="gpt-5-mini", messages=user(QUESTION))


def chat(client: openai.OpenAI) -> None:
    """Read one stream to its end, without asking for its usage, and leave another early."""
    ask = client.chat.completions.create
    for _ in ask(model="gpt-4o", messages=user(f"{QUESTION} Be brief."), stream=True):
        pass
    with ask(model="gpt-4o", messages=user(f"{QUESTION} Be thorough."), stream=True) as stream:
        for chunk in stream:
            if chunk.choices[0].delta.content:
                break


def track(client: openai.OpenAI) -> None:
    """Let the model use a tool: it asks for it in one call, and gets the result in the next."""
    wish = client.responses.create(
        model="gpt-4.1-mini", input="Is 4711 there?", tools=[TRACK], tool_choice="required"
    )
    result: FunctionCallOutput = {
        "type": "function_call_output",
        "call_id": next(item.call_id for item in wish.output if item.type == "function_call"),
        "output": "It has arrived.",
    }
    client.responses.create(model="gpt-4.1-mini", input=[result], previous_response_id=wish.id)


def sort(client: openai.OpenAI) -> None:
    """Ask a busy model: it refuses at first (429), and the client tries again by itself."""
    client.chat.completions.create(model="gpt-4.1-nano", messages=user(f"Topic? {QUESTION}"))


def report(client: openai.OpenAI) -> None:
    """Stream through a helper of the client library."""
    with client.responses.stream(model="gpt-5-mini", input="Sum up this week.") as stream:
        stream.until_done()


async def search() -> None:
    """Make two calls at the same time and a third after them, all of them async."""
    async with openai.AsyncOpenAI() as client:
        embed, model = client.embeddings.create, "text-embedding-3-small"
        await asyncio.gather(embed(model=model, input=HANDBOOK), embed(model=model, input=QUESTION))
        both = user(f"{HANDBOOK[:4000]}\n\n{QUESTION}")
        await client.chat.completions.create(model="gpt-4o-mini", messages=both)


def look_up(client: anthropic.Anthropic) -> None:
    """Ask about one long prompt, twice whole and once streamed: it is cached by the first call."""
    system = anthropic.types.TextBlockParam(type="text", text=HANDBOOK)
    system["cache_control"] = {"type": "ephemeral"}
    turn: anthropic.types.MessageParam = {"role": "user", "content": QUESTION}
    messages, model = client.messages, "claude-haiku-4-5"
    for _ in range(2):
        messages.create(model=model, max_tokens=99, system=[system], messages=[turn])
    with messages.stream(model=model, max_tokens=99, system=[system], messages=[turn]) as stream:
        stream.until_done()


if __name__ == "__main__":
    with openai.OpenAI() as gpt, anthropic.Anthropic() as claude:
        for serve in (answer, chat, track, sort, report):
            with request(f"POST /{serve.__name__}", feature="desk"):
                serve(gpt)
        with request("POST /search", feature="handbook"):
            asyncio.run(search())
        with request("POST /look-up", feature="handbook"):
            look_up(claude)
