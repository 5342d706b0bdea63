"""The real clients understand the simulator on good days and bad ones, and its counts add up."""

import asyncio
import subprocess
import sys
import threading
import time

from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from simulated.model import Task, answer
from simulator import Simulator


HELLO: Any = [{"role": "user", "content": "Hello there"}]  # 3 tokens: 11 bytes
SAID = answer(Task(question="Hello there")).text
SAID_TOKENS = -(-len(SAID) // 4)
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
}
LONG = "x" * 8000  # 2,000 tokens


# The chat of OpenAI


def test_chat_counts_four_bytes_to_a_token(gpt: openai.OpenAI) -> None:
    """A chat answer states the tokens that one can count by hand, and the dated model."""
    done = gpt.chat.completions.create(model="gpt-4o-mini", messages=HELLO)

    assert done.choices[0].message.content == SAID
    assert done.choices[0].finish_reason == "stop"
    assert done.model == "gpt-4o-mini-2024-07-18"
    assert done.usage
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (3, SAID_TOKENS)
    assert done.usage.total_tokens == 3 + SAID_TOKENS


def test_chat_stream_is_silent_about_usage_unless_asked(gpt: openai.OpenAI) -> None:
    """Without `include_usage`, no chunk has usage and every chunk has a choice."""
    chunks = list(gpt.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True))

    assert all(chunk.choices for chunk in chunks)
    assert not any("usage" in chunk.model_fields_set for chunk in chunks)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == SAID


def test_chat_stream_states_usage_once_when_asked(gpt: openai.OpenAI) -> None:
    """With `include_usage`, one last chunk without choices has what the whole answer would say."""
    options: Any = {"include_usage": True}
    whole = gpt.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    *chunks, last = gpt.chat.completions.create(
        model="gpt-4o-mini", messages=HELLO, stream=True, stream_options=options
    )

    assert not last.choices
    assert last.usage == whole.usage
    assert all("usage" in chunk.model_fields_set and chunk.usage is None for chunk in chunks)


def test_chat_choices_are_all_paid(gpt: openai.OpenAI) -> None:
    """`n` answers cost `n` times the output and one prompt."""
    done = gpt.chat.completions.create(model="gpt-4o-mini", messages=HELLO, n=3)

    assert [choice.index for choice in done.choices] == [0, 1, 2]
    assert done.usage
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (3, 3 * SAID_TOKENS)


@pytest.mark.parametrize("is_streamed", [False, True])
def test_chat_calls_a_tool_then_answers(gpt: openai.OpenAI, *, is_streamed: bool) -> None:
    """Given a tool, the model calls it by its schema; given the result, it answers."""
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}]
    if is_streamed:
        with gpt.chat.completions.stream(model="gpt-4o-mini", messages=HELLO, tools=tools) as stream:
            choice: Any = stream.get_final_completion().choices[0]
    else:
        choice = gpt.chat.completions.create(model="gpt-4o-mini", messages=HELLO, tools=tools).choices[0]

    (call,) = choice.message.tool_calls
    assert choice.finish_reason == "tool_calls"
    assert call.function.name == "weather"
    assert call.function.arguments == '{"city":"simulated","days":1}'
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    asked = {"role": "assistant", "tool_calls": [call.to_dict()]}
    done = gpt.chat.completions.create(model="gpt-4o-mini", messages=[*HELLO, asked, result], tools=tools)
    assert str(done.choices[0].message.content).endswith("sunny")


def test_chat_answers_in_the_schema(gpt: openai.OpenAI) -> None:
    """A JSON schema is answered by an instance of it."""
    schema: Any = {"type": "json_schema", "json_schema": {"name": "w", "schema": WEATHER}}
    done = gpt.chat.completions.create(model="gpt-4o", messages=HELLO, response_format=schema)

    assert done.choices[0].message.content == '{"city":"simulated","days":1}'


def test_chat_stops_at_the_limit(gpt: openai.OpenAI) -> None:
    """An answer that is too long ends at the limit, with `length` as its reason."""
    done = gpt.chat.completions.create(model="gpt-4o", messages=HELLO, max_completion_tokens=5)

    assert done.choices[0].finish_reason == "length"
    assert done.usage
    assert done.usage.completion_tokens == 5


def test_reasoning_is_a_part_of_the_output(gpt: openai.OpenAI) -> None:
    """Models that reason state their reasoning inside the output; the effort sets how much."""
    done = gpt.chat.completions.create(model="gpt-5-mini", messages=HELLO, reasoning_effort="low")

    assert done.usage
    assert done.usage.completion_tokens_details
    assert done.usage.completion_tokens_details.reasoning_tokens == 64
    assert done.usage.completion_tokens == 64 + SAID_TOKENS


def test_long_prompts_are_cached(gpt: openai.OpenAI) -> None:
    """The beginning of a long prompt is cached the second time, in steps of 128 tokens."""
    messages: Any = [{"role": "system", "content": LONG}, *HELLO]
    cached = []
    for _ in range(2):
        done = gpt.chat.completions.create(model="gpt-4o", messages=messages)
        assert done.usage
        assert done.usage.prompt_tokens == 2003
        assert done.usage.prompt_tokens_details
        cached.append(done.usage.prompt_tokens_details.cached_tokens)

    assert cached == [0, 1920]


# The responses of OpenAI


def test_response_is_the_same_streamed(gpt: openai.OpenAI) -> None:
    """The last event of a streamed response carries the usage that the whole one has."""
    whole = gpt.responses.create(model="gpt-4.1-mini", input="Hello there")
    events = list(gpt.responses.create(model="gpt-4.1-mini", input="Hello there", stream=True))

    assert whole.output_text == SAID
    assert whole.usage
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == (3, SAID_TOKENS)
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    assert events[-1].response.usage == whole.usage
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_response_helper_streams_a_tool_call(gpt: openai.OpenAI) -> None:
    """The helper of the client reads reasoning and the call of a tool from a stream."""
    tools: Any = [{"type": "function", "name": "weather", "parameters": WEATHER, "strict": False}]
    with gpt.responses.stream(model="gpt-5-mini", input="Hello there", tools=tools) as stream:
        done = stream.get_final_response()

    reasoning, call = done.output
    assert reasoning.type == "reasoning"
    assert call.type == "function_call"
    assert call.arguments == '{"city":"simulated","days":1}'
    assert done.usage
    assert done.usage.output_tokens_details.reasoning_tokens == 128


def test_response_in_the_background_has_its_usage_later(gpt: openai.OpenAI) -> None:
    """A background response is queued without usage and complete when it is fetched."""
    queued = gpt.responses.create(model="gpt-4.1-mini", input="Hello there", background=True)
    fetched = gpt.responses.retrieve(queued.id)

    assert (queued.status, queued.usage) == ("queued", None)
    assert fetched.status == "completed"
    assert fetched.usage
    assert fetched.usage.input_tokens == 3


def test_response_pays_for_the_conversation_before_it(gpt: openai.OpenAI) -> None:
    """What continues a response has all that was said before in its input."""
    first = gpt.responses.create(model="gpt-4.1-mini", input="Hello there")
    second = gpt.responses.create(model="gpt-4.1-mini", input="more", previous_response_id=first.id)

    assert second.usage
    assert second.usage.input_tokens == 3 + SAID_TOKENS + 1


def test_response_that_reaches_the_limit_is_incomplete(gpt: openai.OpenAI) -> None:
    """A response that is too long is `incomplete`, and so is the last event of its stream."""
    *_, last = gpt.responses.create(
        model="gpt-4.1-mini", input="Hello there", max_output_tokens=16, stream=True
    )

    assert last.type == "response.incomplete"
    assert last.response.usage
    assert last.response.usage.output_tokens == 16


def test_unknown_response_is_not_found(gpt: openai.OpenAI) -> None:
    """A response that never was is a 404."""
    with pytest.raises(openai.NotFoundError, match="resp_nothing"):
        gpt.responses.retrieve("resp_nothing")


# The rest of OpenAI


def test_embeddings_count_input_only(gpt: openai.OpenAI) -> None:
    """Every input gets a vector, and there is no output to pay for."""
    done = gpt.embeddings.create(model="text-embedding-3-small", input=["four", "eight ch"])

    assert [len(item.embedding) for item in done.data] == [8, 8]
    assert (done.usage.prompt_tokens, done.usage.total_tokens) == (3, 3)


def test_images_cost_tokens_by_quality(gpt: openai.OpenAI) -> None:
    """Images state text in and image out."""
    done = gpt.images.generate(model="gpt-image-1", prompt="four", quality="low", n=2)

    assert done.usage
    assert (done.usage.input_tokens, done.usage.output_tokens) == (1, 2 * 272)


def test_transcription_states_tokens_or_seconds(gpt: openai.OpenAI) -> None:
    """Newer models state audio tokens, `whisper-1` states seconds."""
    audio = ("a.wav", bytes(64_000))
    tokens: Any = gpt.audio.transcriptions.create(model="gpt-4o-mini-transcribe", file=audio)
    seconds: Any = gpt.audio.transcriptions.create(model="whisper-1", file=audio)

    assert tokens.usage.input_token_details.audio_tokens == 20
    assert (seconds.usage.type, seconds.usage.seconds) == ("duration", 2)


def test_transcription_streams(gpt: openai.OpenAI) -> None:
    """A streamed transcript ends with its usage."""
    *_, last = gpt.audio.transcriptions.create(
        model="gpt-4o-mini-transcribe", file=("a.wav", bytes(64_000)), stream=True
    )

    assert last.type == "transcript.text.done"
    assert last.usage
    assert last.usage.input_tokens == 20


def test_speech_is_bytes(gpt: openai.OpenAI) -> None:
    """Speech is audio without a word about usage."""
    done = gpt.audio.speech.create(model="tts-1", voice="alloy", input="Hello there")

    assert len(done.content) == 32_000


# The messages of Anthropic


def test_message_is_the_same_streamed(claude: anthropic.Anthropic) -> None:
    """A streamed message has the text and the counts of a whole one."""
    whole = claude.messages.create(model="claude-haiku-4-5", max_tokens=100, messages=HELLO)
    with claude.messages.stream(model="claude-haiku-4-5", max_tokens=100, messages=HELLO) as stream:
        streamed = stream.get_final_message()

    assert whole.model == "claude-haiku-4-5-20251001"
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == (3, SAID_TOKENS)
    assert [block.type for block in streamed.content] == ["text"]
    assert getattr(streamed.content[0], "text", "") == SAID
    assert streamed.usage == whole.usage


def test_prompt_is_written_once_and_then_read(claude: anthropic.Anthropic) -> None:
    """Cached parts of a prompt are beside the input: written at first sight, read at the second."""
    system: Any = [
        {"type": "text", "text": LONG, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "text", "text": "y" * 800, "cache_control": {"type": "ephemeral"}},
    ]
    first, second = (
        claude.messages.create(model="claude-haiku-4-5", max_tokens=100, system=system, messages=HELLO).usage
        for _ in range(2)
    )

    assert (first.input_tokens, first.cache_read_input_tokens) == (3, 0)
    assert first.cache_creation_input_tokens == 2200
    assert first.cache_creation
    assert first.cache_creation.ephemeral_1h_input_tokens == 2000
    assert first.cache_creation.ephemeral_5m_input_tokens == 200
    assert (second.input_tokens, second.cache_read_input_tokens) == (3, 2200)
    assert second.cache_creation_input_tokens == 0


def test_longer_prompt_reads_what_is_known_and_writes_the_rest(claude: anthropic.Anthropic) -> None:
    """A prompt that grows reads its old part and writes the new one."""
    usages = []
    for known in (1, 2):
        blocks: Any = [{"type": "text", "text": LONG[n:]} for n in range(known)]
        blocks[-1]["cache_control"] = {"type": "ephemeral"}
        done = claude.messages.create(model="claude-haiku-4-5", max_tokens=100, system=blocks, messages=HELLO)
        usages.append((done.usage.cache_creation_input_tokens, done.usage.cache_read_input_tokens))

    assert usages == [(2000, 0), (2000, 2000)]


def test_message_thinks_and_calls_a_tool(claude: anthropic.Anthropic) -> None:
    """Thinking is a part of the output, and a tool gets arguments of its schema, streamed too."""
    tools: Any = [{"name": "weather", "input_schema": WEATHER}]
    thinking: Any = {"type": "enabled", "budget_tokens": 1024}
    with claude.messages.stream(
        model="claude-haiku-4-5", max_tokens=2000, messages=HELLO, tools=tools, thinking=thinking
    ) as stream:
        done = stream.get_final_message()

    thought, call = done.content
    assert thought.type == "thinking"
    assert call.type == "tool_use"
    assert call.input == {"city": "simulated", "days": 1}
    assert done.stop_reason == "tool_use"
    assert done.usage.output_tokens_details
    assert done.usage.output_tokens_details.thinking_tokens == 64 < done.usage.output_tokens


def test_tokens_can_be_counted_before(claude: anthropic.Anthropic) -> None:
    """The count of a prompt is what a message with it will state."""
    counted = claude.messages.count_tokens(model="claude-haiku-4-5", messages=HELLO)

    assert counted.input_tokens == 3


def test_answers_have_the_id_that_support_asks_for(gpt: openai.OpenAI, claude: anthropic.Anthropic) -> None:
    """Both clients find the id of the request where they look for it."""
    by_gpt = gpt.chat.completions.create(model="gpt-4o", messages=HELLO)
    by_claude = claude.messages.create(model="claude-haiku-4-5", max_tokens=9, messages=HELLO)

    assert str(by_gpt._request_id).startswith("req_")
    assert str(by_claude._request_id).startswith("req_")


# Both of them, async


def test_async_clients_share_a_provider(sim: Simulator) -> None:
    """Async clients, whole and streamed, at the same time, get the same counts."""

    async def ask() -> list[int]:
        async with (
            openai.AsyncOpenAI(base_url=sim.openai_url, api_key="any") as gpt,
            anthropic.AsyncAnthropic(base_url=sim.anthropic_url, api_key="any") as claude,
        ):
            return await asyncio.gather(_chat(gpt), _streamed_message(claude))

    assert asyncio.run(ask()) == [SAID_TOKENS, SAID_TOKENS]


async def _chat(gpt: openai.AsyncOpenAI) -> int:
    done = await gpt.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert done.usage
    return done.usage.completion_tokens


async def _streamed_message(claude: anthropic.AsyncAnthropic) -> int:
    async with claude.messages.stream(model="claude-haiku-4-5", max_tokens=100, messages=HELLO) as stream:
        return (await stream.get_final_message()).usage.output_tokens


# Bad days


@pytest.mark.parametrize(
    ("behaviour", "gpt_status", "claude_status"),
    [
        ("busy", 429, 429),
        ("overloaded", 503, 529),
        ("bad-request", 400, 400),
        ("bad-key", 401, 401),
        ("unknown-model", 404, 404),
    ],
)
def test_refusals_are_those_of_the_provider(
    gpt: openai.OpenAI,
    claude: anthropic.Anthropic,
    behaviour: str,
    gpt_status: int,
    claude_status: int,
) -> None:
    """Each client raises its own error with the provider's status, whatever model is behind it."""
    with pytest.raises(openai.APIStatusError) as by_gpt:
        gpt.chat.completions.create(model=behaviour, messages=HELLO)
    with pytest.raises(anthropic.APIStatusError) as by_claude:
        claude.messages.create(model=f"{behaviour}-claude", max_tokens=9, messages=HELLO)

    assert (by_gpt.value.status_code, by_claude.value.status_code) == (gpt_status, claude_status)


def test_a_retry_heals_a_busy_provider(sim: Simulator, gpt: openai.OpenAI) -> None:
    """`busy-once` refuses the first attempt of each call; the client's own retry succeeds."""
    for _ in range(2):
        gpt.chat.completions.create(model="busy-once-gpt-4o-mini", messages=HELLO)

    assert [(seen.status, seen.model) for seen in sim.served] == [
        (429, "gpt-4o-mini"),
        (200, "gpt-4o-mini"),
    ] * 2


def test_other_clients_may_retry_too(sim: Simulator) -> None:
    """A client that does not number its attempts is served when it sends the same again."""
    request = {"model": "busy-once-gpt-4o-mini", "messages": HELLO}
    key = {"authorization": "Bearer any"}
    statuses = [
        httpx2.post(f"{sim.openai_url}/chat/completions", json=request, headers=key).status_code
        for _ in range(3)
    ]

    assert statuses == [429, 200, 429]


def test_models_can_be_busy_without_a_word_of_it() -> None:
    """`busy_once` makes a model refuse first attempts, for applications that know no simulator."""
    with (
        Simulator(busy_once=["gpt-4o"]) as sim,
        openai.OpenAI(base_url=sim.openai_url, api_key="any") as gpt,
    ):
        gpt.chat.completions.create(model="gpt-4o", messages=HELLO)

    assert [seen.status for seen in sim.served] == [429, 200]


def test_header_selects_a_behaviour(gpt: openai.OpenAI) -> None:
    """`x-simulate` selects what a model's name cannot."""
    with pytest.raises(openai.BadRequestError):
        gpt.chat.completions.create(
            model="gpt-4o", messages=HELLO, extra_headers={"x-simulate": "bad-request"}
        )


def test_missing_parameter_is_a_bad_request(claude: anthropic.Anthropic) -> None:
    """What an API needs is asked for, by name."""
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        claude.post("/v1/messages", body={"model": "m", "messages": HELLO}, cast_to=object)


def test_request_without_a_key_is_refused(sim: Simulator) -> None:
    """Nobody is served without a key."""
    refused = httpx2.post(f"{sim.openai_url}/chat/completions", json={})

    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "invalid_api_key"


def test_unknown_path_is_not_found(gpt: openai.OpenAI) -> None:
    """What is not simulated is a 404, not a hang."""
    with pytest.raises(openai.NotFoundError, match="/openai/v1/models"):
        gpt.models.list()


@pytest.mark.parametrize("ask", ["chat", "responses", "messages"])
@pytest.mark.parametrize("behaviour", ["cut", "stream-error"])
def test_stream_breaks_in_the_middle(
    gpt: openai.OpenAI, claude: anthropic.Anthropic, ask: str, behaviour: str
) -> None:
    """A broken stream delivers some events, then raises what the client has for it."""
    streams: dict[str, Any] = {
        "chat": lambda: gpt.chat.completions.create(model=f"{behaviour}-gpt-4o", messages=HELLO, stream=True),
        "responses": lambda: gpt.responses.create(
            model=f"{behaviour}-gpt-4o", input="Hello there", stream=True
        ),
        "messages": lambda: claude.messages.create(
            model=f"{behaviour}-claude", max_tokens=100, messages=HELLO, stream=True
        ),
    }
    events: list[Any] = []
    with pytest.raises((openai.APIError, anthropic.APIError, httpx2.RemoteProtocolError)):
        _read(streams[ask](), events)

    assert len(events) > 2


def _read(stream: Any, events: list[Any]) -> None:
    for event in stream:
        events.append(event)  # noqa: PERF402  what came before the error is kept


def test_whole_answer_is_cut(sim: Simulator) -> None:
    """A connection that closes in the middle of a whole answer is a connection error."""
    with (
        openai.OpenAI(base_url=sim.openai_url, api_key="any", max_retries=0) as gpt,
        pytest.raises(openai.APIConnectionError),
    ):
        gpt.chat.completions.create(model="cut-gpt-4o", messages=HELLO)


def test_slow_streams_take_their_time(gpt: openai.OpenAI) -> None:
    """A slow stream pauses before each event."""
    started = time.monotonic()
    with gpt.chat.completions.create(model="slow-gpt-4o", messages=HELLO, stream=True) as stream:
        for _, _ in zip(range(3), stream, strict=False):
            pass

    assert time.monotonic() - started > 0.15


def test_usage_can_be_missing(gpt: openai.OpenAI) -> None:
    """`no-usage` is how servers answer that count nothing."""
    done = gpt.chat.completions.create(model="no-usage-gpt-4o", messages=HELLO)

    assert done.usage is None


# The server


def test_nothing_is_left_running() -> None:
    """When the block ends, every thread has ended, though clients keep their connections."""
    before = set(threading.enumerate())
    with Simulator() as sim:
        gpt = openai.OpenAI(base_url=sim.openai_url, api_key="any")
        gpt.chat.completions.create(model="gpt-4o", messages=HELLO)
    left = set(threading.enumerate()) - before
    gpt.close()

    assert not left


def test_runs_by_itself(tmp_path: Path) -> None:
    """As a script, it prints what the clients' environment has to be, and serves."""
    script = Path(sys.modules["simulator"].__file__ or "")
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        url = line.removeprefix("export OPENAI_BASE_URL=").split()[0]
        with openai.OpenAI(base_url=url, api_key="any") as gpt:
            done = gpt.chat.completions.create(model="gpt-4o", messages=HELLO)
        process.terminate()

    assert done.usage
