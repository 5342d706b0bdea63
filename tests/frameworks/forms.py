"""The table of the ways in which agents call models, one row for each; a client patched later adds its own.

These are programs of users: nothing in this file knows of `otel_tokens`, and all settings of the client
libraries are their defaults, retries included. Libraries are imported by the rows that need them.
"""

# ruff: noqa: PLC0415  # only the rows that need a library import it

from __future__ import annotations

import os

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any


os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", LANGSMITH_TRACING="false")  # stay on this machine

MODELS = {"openai": "gpt-4o", "anthropic": "claude-sonnet-5"}
OTHER_MODEL = "gpt-4.1"
"""What is fallen back to."""
MAX_TOKENS = 4000
"""So much that a call is dear by its output, and its input hardly matters."""

Step = Callable[[], Any] | Callable[[], Awaitable[Any]]


@dataclass
class Task:
    """What an agent works on."""

    url: str
    stuck: bool = False
    """Whether it asks the same again and again; else its history grows."""
    model: str | None = None
    history: list[Any] = field(default_factory=lambda: [{"role": "user", "content": "Find out all of it."}])

    def chat(self, api: str = "openai") -> dict[str, Any]:
        """The arguments of the next chat or message."""
        return {
            "model": self.model or MODELS[api],
            "messages": list(self.history),
            "max_tokens": MAX_TOKENS,
        }

    def response(self) -> dict[str, Any]:
        """The arguments of the next response."""
        return {
            "model": self.model or MODELS["openai"],
            "input": list(self.history),
            "max_output_tokens": MAX_TOKENS,
        }

    def answered(self) -> None:
        """Go on after an answer."""
        if not self.stuck:
            self.history += [
                {"role": "assistant", "content": f"Step {len(self.history)} is done."},
                {"role": "user", "content": "Go on."},
            ]


@dataclass(frozen=True)
class Form:
    """One way to call a model, and what becomes there of a refusal."""

    name: str
    """`client: how`."""
    api: str
    """Whose protocol and prices."""
    start: Callable[[Task], Step]
    """Gives what makes the next step of a task; a coroutine function where it is async."""
    raised: str | None = "BudgetExceeded"
    """The class of what the application gets when a call is refused; None where it gets nothing."""
    refusals: int = 1
    """How often a step is refused: more than once where a framework retries, or falls back."""
    runs: bool = False
    """Whether a step is a whole run of an agent, which makes calls until it is refused one."""
    models: int = 1
    """How many models a step tries."""
    chained: bool = True
    """Whether the refusal is among the causes of what the application gets; else only its text is."""
    waits: bool = False
    """Whether the framework waits before it retries, so that only one step is refused."""
    gap: str = ""
    """Why calls of this form are not stopped yet."""

    def __str__(self) -> str:
        return self.name


def look_up(topic: str) -> str:
    """Look up what is known of a topic."""
    return f"{topic}: nothing yet, look again."


# The client of OpenAI.


def _openai(task: Task, kind: str = "OpenAI") -> Any:
    import openai

    return getattr(openai, kind)(base_url=f"{task.url}/openai/v1", api_key="none")


def _chat(task: Task) -> Step:
    client = _openai(task)

    def step() -> None:
        client.chat.completions.create(**task.chat())
        task.answered()

    return step


def _chat_async(task: Task) -> Step:
    client = _openai(task, "AsyncOpenAI")

    async def step() -> None:
        await client.chat.completions.create(**task.chat())
        task.answered()

    return step


def _chat_streamed(task: Task) -> Step:
    client = _openai(task)

    def step() -> None:
        for _ in client.chat.completions.create(**task.chat(), stream=True):
            pass
        task.answered()

    return step


def _chat_streamed_async(task: Task) -> Step:
    client = _openai(task, "AsyncOpenAI")

    async def step() -> None:
        async for _ in await client.chat.completions.create(**task.chat(), stream=True):
            pass
        task.answered()

    return step


def _chat_helper(task: Task) -> Step:
    client = _openai(task)

    def step() -> None:
        with client.chat.completions.stream(**task.chat()) as events:
            events.get_final_completion()
        task.answered()

    return step


def _chat_helper_async(task: Task) -> Step:
    client = _openai(task, "AsyncOpenAI")

    async def step() -> None:
        async with client.chat.completions.stream(**task.chat()) as events:
            await events.get_final_completion()
        task.answered()

    return step


def _chat_raw(task: Task) -> Step:
    client = _openai(task)

    def step() -> None:
        client.chat.completions.with_raw_response.create(**task.chat()).parse()
        task.answered()

    return step


def _response(task: Task) -> Step:
    client = _openai(task)

    def step() -> None:
        client.responses.create(**task.response())
        task.answered()

    return step


def _response_async(task: Task) -> Step:
    client = _openai(task, "AsyncOpenAI")

    async def step() -> None:
        await client.responses.create(**task.response())
        task.answered()

    return step


def _response_streamed(task: Task) -> Step:
    client = _openai(task)

    def step() -> None:
        for _ in client.responses.create(**task.response(), stream=True):
            pass
        task.answered()

    return step


def _response_helper_async(task: Task) -> Step:
    client = _openai(task, "AsyncOpenAI")

    async def step() -> None:
        async with client.responses.stream(**task.response()) as events:
            await events.get_final_response()
        task.answered()

    return step


# The client of Anthropic.


def _anthropic(task: Task, kind: str = "Anthropic") -> Any:
    import anthropic

    return getattr(anthropic, kind)(base_url=f"{task.url}/anthropic", api_key="none")


def _message(task: Task) -> Step:
    client = _anthropic(task)

    def step() -> None:
        client.messages.create(**task.chat("anthropic"))
        task.answered()

    return step


def _message_async(task: Task) -> Step:
    client = _anthropic(task, "AsyncAnthropic")

    async def step() -> None:
        await client.messages.create(**task.chat("anthropic"))
        task.answered()

    return step


def _message_streamed(task: Task) -> Step:
    client = _anthropic(task)

    def step() -> None:
        for _ in client.messages.create(**task.chat("anthropic"), stream=True):
            pass
        task.answered()

    return step


def _message_streamed_async(task: Task) -> Step:
    client = _anthropic(task, "AsyncAnthropic")

    async def step() -> None:
        async for _ in await client.messages.create(**task.chat("anthropic"), stream=True):
            pass
        task.answered()

    return step


def _message_helper(task: Task) -> Step:
    client = _anthropic(task)

    def step() -> None:
        with client.messages.stream(**task.chat("anthropic")) as events:
            events.get_final_message()
        task.answered()

    return step


def _message_helper_async(task: Task) -> Step:
    client = _anthropic(task, "AsyncAnthropic")

    async def step() -> None:
        async with client.messages.stream(**task.chat("anthropic")) as events:
            await events.get_final_message()
        task.answered()

    return step


def _message_raw(task: Task) -> Step:
    client = _anthropic(task)

    def step() -> None:
        client.messages.with_raw_response.create(**task.chat("anthropic")).parse()
        task.answered()

    return step


def _tool_runner(task: Task) -> Step:
    import anthropic

    client, tool = _anthropic(task), anthropic.beta_tool(look_up)
    return lambda: client.beta.messages.tool_runner(tools=[tool], **task.chat("anthropic")).until_done()


def _tool_runner_async(task: Task) -> Step:
    import anthropic

    async def look_up_async(topic: str) -> str:
        return look_up(topic)

    client = _anthropic(task, "AsyncAnthropic")
    tool = anthropic.beta_async_tool(look_up_async, name="look_up", description=look_up.__doc__)

    async def step() -> None:
        await client.beta.messages.tool_runner(tools=[tool], **task.chat("anthropic")).until_done()

    return step


def _tool_runner_streamed(task: Task) -> Step:
    import anthropic

    client, tool = _anthropic(task), anthropic.beta_tool(look_up)

    def step() -> None:
        for events in client.beta.messages.tool_runner(tools=[tool], stream=True, **task.chat("anthropic")):
            for _ in events:
                pass

    return step


# LangChain.


def _chat_openai(task: Task, **settings: Any) -> Any:
    from langchain_openai import ChatOpenAI

    url = f"{task.url}/openai/v1"
    wanted = {"model": task.model or MODELS["openai"], "max_tokens": MAX_TOKENS, **settings}
    return ChatOpenAI(base_url=url, api_key="none", **wanted)


def _chat_anthropic(task: Task) -> Any:
    from langchain_anthropic import ChatAnthropic

    url = f"{task.url}/anthropic"
    return ChatAnthropic(model=MODELS["anthropic"], max_tokens=MAX_TOKENS, base_url=url, api_key="none")


def _invoked(make: Callable[[Task], Any]) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        model = make(task)

        def step() -> None:
            model.invoke(list(task.history))
            task.answered()

        return step

    return start


def _invoked_async(make: Callable[[Task], Any]) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        model = make(task)

        async def step() -> None:
            await model.ainvoke(list(task.history))
            task.answered()

        return step

    return start


def _streamed(make: Callable[[Task], Any]) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        model = make(task)

        def step() -> None:
            for _ in model.stream(list(task.history)):
                pass
            task.answered()

        return step

    return start


def _streamed_async(make: Callable[[Task], Any]) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        model = make(task)

        async def step() -> None:
            async for _ in model.astream(list(task.history)):
                pass
            task.answered()

        return step

    return start


def _batched(task: Task) -> Step:
    model = _chat_openai(task)

    def step() -> None:
        model.batch([list(task.history)])  # in threads of its own
        task.answered()

    return step


def _responding(task: Task) -> Any:
    return _chat_openai(task, use_responses_api=True)


def _retrying(task: Task) -> Any:
    return _chat_openai(task).with_retry(stop_after_attempt=3, wait_exponential_jitter=False)


def _falling_back(task: Task) -> Any:
    return _chat_openai(task).with_fallbacks([_chat_openai(task, model=OTHER_MODEL), _chat_anthropic(task)])


# Agents.


def _create_agent(make: Callable[[Task], Any], *middleware: Callable[[Task], Any]) -> Callable[[Task], Any]:
    def create(task: Task) -> Any:
        from langchain.agents import create_agent

        return create_agent(make(task), tools=[look_up], middleware=[each(task) for each in middleware])

    return create


def _react_agent(task: Task) -> Any:
    from langgraph.prebuilt import create_react_agent

    return create_react_agent(_chat_openai(task), [look_up])


def _graph(task: Task) -> Any:
    """A graph of one's own, whose node is retried as LangGraph does by default, but at once."""
    from langgraph.graph import END, START, MessagesState, StateGraph
    from langgraph.types import RetryPolicy

    model = _chat_openai(task)

    def think(state: Any) -> Any:
        return {"messages": [model.invoke(state["messages"]), ("user", "Go on.")]}

    graph = StateGraph(MessagesState)
    graph.add_node("think", think, retry_policy=RetryPolicy(initial_interval=0.0, jitter=False))
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", lambda _: END if task.stuck else "think")
    return graph.compile()


def _model_fallback(task: Task) -> Any:
    from langchain.agents.middleware import ModelFallbackMiddleware

    return ModelFallbackMiddleware(_chat_openai(task, model=OTHER_MODEL))


def _model_retry(on_failure: str) -> Callable[[Task], Any]:
    def middleware(_task: Task) -> Any:
        from langchain.agents.middleware import ModelRetryMiddleware

        return ModelRetryMiddleware(
            max_retries=2, initial_delay=0.0, backoff_factor=0.0, jitter=False, on_failure=on_failure
        )

    return middleware


_ENDLESS: Any = {"recursion_limit": 100_000}


def _asked(task: Task) -> Any:
    return {"messages": list(task.history)}


def _run(create: Callable[[Task], Any]) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        agent = create(task)
        return lambda: agent.invoke(_asked(task), _ENDLESS)

    return start


def _run_async(create: Callable[[Task], Any]) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        agent = create(task)

        async def step() -> None:
            await agent.ainvoke(_asked(task), _ENDLESS)

        return step

    return start


def _run_streamed(create: Callable[[Task], Any]) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        agent = create(task)

        def step() -> None:
            for _ in agent.stream(_asked(task), _ENDLESS, stream_mode="messages"):
                pass

        return step

    return start


def _run_streamed_async(create: Callable[[Task], Any]) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        agent = create(task)

        async def step() -> None:
            async for _ in agent.astream(_asked(task), _ENDLESS, stream_mode="messages"):
                pass

        return step

    return start


# LiteLLM.


def litellm() -> Any:
    """The library, quiet."""
    import litellm

    litellm.suppress_debug_info = True
    return litellm


def _lite(task: Task, api: str = "openai", **settings: Any) -> dict[str, Any]:
    url = f"{task.url}/openai/v1" if api == "openai" else f"{task.url}/anthropic"
    asked = task.chat(api)
    return {**asked, "model": f"{api}/{asked['model']}", "api_base": url, "api_key": "none", **settings}


def _completion(api: str = "openai", **settings: Any) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        library = litellm()

        def step() -> None:
            library.completion(**_lite(task, api, **settings))
            task.answered()

        return step

    return start


def _acompletion(api: str = "openai", **settings: Any) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        library = litellm()

        async def step() -> None:
            await library.acompletion(**_lite(task, api, **settings))
            task.answered()

        return step

    return start


def _completion_streamed(api: str = "openai", **settings: Any) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        library = litellm()

        def step() -> None:
            for _ in library.completion(**_lite(task, api, **settings), stream=True):
                pass
            task.answered()

        return step

    return start


def _acompletion_streamed(api: str = "openai", **settings: Any) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        library = litellm()

        async def step() -> None:
            async for _ in await library.acompletion(**_lite(task, api, **settings), stream=True):
                pass
            task.answered()

        return step

    return start


def _lite_response(task: Task) -> Step:
    library = litellm()

    def step() -> None:
        asked = task.response()
        url = f"{task.url}/openai/v1"
        library.responses(**{**asked, "model": f"openai/{asked['model']}"}, api_base=url, api_key="none")
        task.answered()

    return step


def _router(task: Task, **settings: Any) -> Any:
    names = {"main": MODELS["openai"], "other": OTHER_MODEL}
    return litellm().Router(
        model_list=[
            {
                "model_name": name,
                "litellm_params": {
                    "model": f"openai/{model}",
                    "api_base": f"{task.url}/openai/v1",
                    "api_key": "none",
                },
            }
            for name, model in names.items()
        ],
        retry_after=0,
        **settings,
    )


def _routed(**settings: Any) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        router = _router(task, **settings)

        def step() -> None:
            router.completion(**{**task.chat(), "model": "main"})
            task.answered()

        return step

    return start


def _routed_async(**settings: Any) -> Callable[[Task], Step]:
    def start(task: Task) -> Step:
        router = _router(task, **settings)

        async def step() -> None:
            await router.acompletion(**{**task.chat(), "model": "main"})
            task.answered()

        return step

    return start


_FALLBACKS: Any = {"fallbacks": [{"main": ["other"]}]}
_USAGE: Any = {"stream_options": {"include_usage": True}}
_RAW = "LiteLLM streams by raw responses, which are not asked for usage: only the text that came is counted"
_WIRE = "LiteLLM sends it by itself over HTTP: no client library that is patched sees it yet"

_LITE = "InternalServerError"
"""What LiteLLM makes of a refusal, which stays its cause or context."""

FORMS: tuple[Form, ...] = (
    Form("openai: chat", "openai", _chat),
    Form("openai: chat, async", "openai", _chat_async),
    Form("openai: chat, streamed", "openai", _chat_streamed),
    Form("openai: chat, streamed, async", "openai", _chat_streamed_async),
    Form("openai: chat, stream helper", "openai", _chat_helper),
    Form("openai: chat, stream helper, async", "openai", _chat_helper_async),
    Form("openai: chat, raw response", "openai", _chat_raw),
    Form("openai: responses", "openai", _response),
    Form("openai: responses, async", "openai", _response_async),
    Form("openai: responses, streamed", "openai", _response_streamed),
    Form("openai: responses, stream helper, async", "openai", _response_helper_async),
    Form("anthropic: messages", "anthropic", _message),
    Form("anthropic: messages, async", "anthropic", _message_async),
    Form("anthropic: messages, streamed", "anthropic", _message_streamed),
    Form("anthropic: messages, streamed, async", "anthropic", _message_streamed_async),
    Form("anthropic: messages, stream helper", "anthropic", _message_helper),
    Form("anthropic: messages, stream helper, async", "anthropic", _message_helper_async),
    Form("anthropic: messages, raw response", "anthropic", _message_raw),
    Form("anthropic: tool runner", "anthropic", _tool_runner, runs=True),
    Form("anthropic: tool runner, async", "anthropic", _tool_runner_async, runs=True),
    Form("anthropic: tool runner, streamed", "anthropic", _tool_runner_streamed, runs=True),
    Form("langchain: ChatOpenAI, invoke", "openai", _invoked(_chat_openai)),
    Form("langchain: ChatOpenAI, ainvoke", "openai", _invoked_async(_chat_openai)),
    Form("langchain: ChatOpenAI, stream", "openai", _streamed(_chat_openai)),
    Form("langchain: ChatOpenAI, astream", "openai", _streamed_async(_chat_openai)),
    Form("langchain: ChatOpenAI, batch", "openai", _batched),
    Form("langchain: ChatOpenAI, responses", "openai", _invoked(_responding)),
    Form("langchain: ChatOpenAI, with_retry", "openai", _invoked(_retrying), refusals=3),
    Form("langchain: ChatOpenAI, with_retry, async", "openai", _invoked_async(_retrying), refusals=3),
    Form("langchain: ChatOpenAI, with_fallbacks", "openai", _invoked(_falling_back), refusals=3, models=3),
    Form(
        "langchain: ChatOpenAI, with_fallbacks, astream",
        "openai",
        _streamed_async(_falling_back),
        refusals=3,
        models=3,
    ),
    Form("langchain: ChatAnthropic, invoke", "anthropic", _invoked(_chat_anthropic)),
    Form("langchain: ChatAnthropic, ainvoke", "anthropic", _invoked_async(_chat_anthropic)),
    Form("langchain: ChatAnthropic, stream", "anthropic", _streamed(_chat_anthropic)),
    Form("langchain: ChatAnthropic, astream", "anthropic", _streamed_async(_chat_anthropic)),
    Form("langchain: agent", "openai", _run(_create_agent(_chat_openai)), runs=True),
    Form("langchain: agent, async", "anthropic", _run_async(_create_agent(_chat_anthropic)), runs=True),
    Form("langchain: agent, streamed", "anthropic", _run_streamed(_create_agent(_chat_anthropic)), runs=True),
    Form(
        "langchain: agent, streamed, async",
        "openai",
        _run_streamed_async(_create_agent(_chat_openai)),
        runs=True,
    ),
    Form(
        "langchain: agent, falls back",
        "openai",
        _run(_create_agent(_chat_openai, _model_fallback)),
        refusals=2,
        runs=True,
        models=2,
    ),
    Form(
        "langchain: agent, retries, then raises",
        "openai",
        _run(_create_agent(_chat_openai, _model_retry("error"))),
        refusals=3,
        runs=True,
    ),
    Form(
        "langchain: agent, retries, then goes on",
        "openai",
        _run(_create_agent(_chat_openai, _model_retry("continue"))),
        raised=None,
        refusals=3,
        runs=True,
    ),
    Form("langgraph: react agent", "openai", _run(_react_agent), runs=True),
    Form("langgraph: graph, retries", "openai", _run(_graph), refusals=3, runs=True),
    Form("litellm: completion", "openai", _completion(), _LITE),
    Form("litellm: acompletion", "openai", _acompletion(), _LITE),
    Form("litellm: completion, streamed", "openai", _completion_streamed(**_USAGE), _LITE),
    Form("litellm: acompletion, streamed", "openai", _acompletion_streamed(**_USAGE), _LITE),
    Form("litellm: completion, streamed, no usage", "openai", _completion_streamed(), _LITE, gap=_RAW),
    Form("litellm: acompletion, streamed, no usage", "openai", _acompletion_streamed(), _LITE, gap=_RAW),
    Form("litellm: completion, retries", "openai", _completion(num_retries=2), _LITE, 3),
    Form("litellm: acompletion, retries", "openai", _acompletion(num_retries=2), _LITE, 3),
    Form(
        "litellm: Router", "openai", _routed(num_retries=0, **_FALLBACKS), _LITE, 2, models=2, chained=False
    ),
    Form("litellm: Router, async", "openai", _routed_async(num_retries=0, **_FALLBACKS), _LITE, 2, models=2),
    Form("litellm: Router, retries", "openai", _routed(num_retries=1), _LITE, 2, chained=False, waits=True),
    Form("litellm: anthropic, completion", "anthropic", _completion("anthropic"), gap=_WIRE),
    Form("litellm: anthropic, acompletion", "anthropic", _acompletion("anthropic"), gap=_WIRE),
    Form(
        "litellm: anthropic, completion, streamed", "anthropic", _completion_streamed("anthropic"), gap=_WIRE
    ),
    Form("litellm: responses", "openai", _lite_response, gap=_WIRE),
)
