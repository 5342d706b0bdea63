"""What `prices diff` says is different between two books."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.cli.prices_changes import changes
from otel_tokens.pricing.rows import Model, active, day_of, rows_of

from .price_books import OWN, model, plain, written
from .terminal import Said, Terminal


class Diffs:
    """Runs `prices diff` with the small book and a changed one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.terminal = Terminal(folder)
        self.old = written(folder, plain(), "old.json")

    def __call__(self, new: Any, *words: str) -> Said:
        """What is said of the small book and `new`."""
        return self.terminal("prices", "diff", self.old, written(self.folder, new, "new.json"), *words)

    def body(self, new: Any) -> str:
        """The same without its head."""
        return self(new).out.partition("\n\n")[2]


@pytest.fixture
def diff(tmp_path: Path) -> Diffs:
    """The command, in a folder of its own."""
    return Diffs(tmp_path)


def newer() -> dict[str, Any]:
    """The small book with a change of every kind."""
    book = plain()
    book["version"], book["dated"] = "genai-prices 1.1.0", "2026-11-24"
    big = model(book, "openai", "Big")
    big["rows"][1]["rates"] |= {"output": "8", "cache_read": "0.5"}
    big["rows"][1]["tiers"][0]["rates"]["cache_read"] = "0.9"
    big["rows"].append({"from": "2027-06-01", "rates": {"input": "1.9", "output": "8"}})
    big["variants"]["flex"] = [{"rates": {"input": "1"}}]
    del big["variants"]["priority"]
    big["match"] = {
        "equals": ["big", "big-2026-11-01"],
        "prefix": ["big-preview"],
        "all": [{"contains": ["x"]}],
    }
    model(book, "groq", "listener")["rows"][0] |= {
        "fees": {"audio_hour": "0.2"},
        "minimums": {"audio_second": "5"},
    }
    model(book, "groq", "gift")["rows"] = [{"rates": {"input": "1"}}]
    model(book, "deepseek", "clock")["variants"]["peak"][0]["when_utc"]["windows"] = ["02:00-04:00"]
    book["providers"]["openai"]["models"][1] = {"id": "tiny", "rows": [{"rates": {"input": "0.1"}}]}
    book["providers"]["new"] = {"prefixes": [], "models": [{"id": "here", "rows": [{"free": True}]}]}
    book["providers"]["deepseek"]["prefixes"].append("ds/")
    book["multipliers"][0]["factor"] = "1.2"
    book["multipliers"].pop()
    return book


def test_every_kind_of_change(diff: Diffs) -> None:
    """Models, rates with percent and days, tiers, variants, fees, hours, names and what holds for many."""
    said = diff(newer())

    assert (said.code, said.err) == (1, "")
    assert (
        said.out
        == f"""\
old: {diff.folder}/old.json (genai-prices 1.0.0, checked 2026-11-20)
new: {diff.folder}/new.json (genai-prices 1.1.0, checked 2026-11-24)

deepseek
  ~ clock
      ~  peak hours  01:00-04:00 UTC on Mon, Tue, Wed, Thu, Fri to 02:00-04:00 UTC on Mon, Tue, Wed, Thu, Fri    from 2026-08-17

groq
  ~ listener
      ~  fee audio_hour      0.111 to 0.2  +80.2 %
      ~  least audio_second  10 to 5       -50.0 %
  ~ gift
      -  free   yes, no more
      +  input  1

new
  + here: free

openai
  + tiny: input 0.1
  - small: input 0.1, output 0.4
  ~ Big
      ~  cache_read                  0.25 to 0.5  +100.0 %  from 2026-10-01 until 2027-01-01
      ~  input                       2 to 1.9       -5.0 %  from 2027-06-01
      ~  output                      10 to 8       -20.0 %  from 2026-10-01 until 2027-01-01
      +  cache_read, prompt > 1,000  0.9                    from 2026-10-01 until 2027-01-01
      +  flex input                  1
      -  priority input              5, no more
      + names: all {{"contains": ["x"]}}, big-2026-11-01
      - names: big-2026-03-05

for many models
  ~ prefixes of deepseek: ["deepseek/"] to ["deepseek/", "ds/"]
  ~ multiplier of openai {{"models": ["big*"], "when": {{"server_address": "*.eu.test"}}}}: 1.1 to 1.2
  - multiplier of openai {{"models": ["small*"], "when": {{"inference_geo": "us"}}}}: 2, no more

2 models added, 1 removed, 4 changed
"""  # noqa: E501
    )


def test_the_same(diff: Diffs) -> None:
    """Books that price everything alike end with 0, whatever else is in them."""
    book = plain()
    book["dated"] = "2026-11-30"
    model(book, "openai", "Big")["checked"] = "2026-11-30"

    said = diff(book)

    assert said.code == 0
    assert said.out.endswith("\nthey price everything alike\n")


def test_other_rows_with_the_same_prices(diff: Diffs) -> None:
    """A row that only repeats the one before is no difference."""
    book = plain()
    small = model(book, "openai", "small")
    small["rows"].append({"from": "2026-12-01", **small["rows"][0]})

    assert diff(book).code == 0


def test_for_machines(diff: Diffs) -> None:
    """JSON has exact numbers, and every key of a change by itself."""
    said = diff(newer(), "--json")

    assert said.code == 1
    document = said.json
    assert (document["same"], document["old"]["version"]) == (False, "genai-prices 1.0.0")
    assert document["added"] == [
        {"provider": "openai", "model": "tiny", "usd_per_mtok": {"input": "0.1"}, "fees": {}, "free": False},
        {"provider": "new", "model": "here", "usd_per_mtok": {}, "fees": {}, "free": True},
    ]
    assert [one["model"] for one in document["removed"]] == ["small"]
    big = next(one for one in document["changed"] if one["model"] == "Big")
    assert big["names_removed"] == ["big-2026-03-05"]
    assert big["changes"][2] == {
        "variant": "standard",
        "prompt_tokens_over": None,
        "kind": "rate",
        "name": "output",
        "old": "10",
        "new": "8",
        "percent": "-20",
        "from": "2026-10-01",
        "until": "2027-01-01",
    }
    assert big["changes"][3]["prompt_tokens_over"] == 1000
    assert big["changes"][3]["percent"] is None
    assert document["for_many_models"][0] == {
        "what": "prefixes of deepseek",
        "old": '["deepseek/"]',
        "new": '["deepseek/", "ds/"]',
    }


def test_what_is_compared(diff: Diffs, tmp_path: Path) -> None:
    """The shipped book against the one in use, unless files are named."""
    said = diff.terminal("prices", "diff")
    assert said.code == 0
    assert said.out.startswith("old: the shipped book (")
    assert "\n(OTEL_TOKENS_BOOK is not set, so the shipped book is the one in use)\n" in said.out

    diff.terminal.env["OTEL_TOKENS_BOOK"] = written(tmp_path, newer(), "mine.json")
    said = diff.terminal("prices", "diff", diff.old)
    assert said.code == 1
    assert f"new: {tmp_path}/mine.json (genai-prices 1.1.0, checked 2026-11-24)\n\n" in said.out
    said = diff.terminal("prices", "diff", diff.old, "shipped")
    assert "\nnew: the shipped book (" in said.out

    said = diff.terminal("prices", "diff", "nowhere.json")
    assert said.code == 2
    assert said.err.startswith("otel-tokens: nowhere.json: cannot read the price book: ")


def test_own_prices(diff: Diffs, tmp_path: Path) -> None:
    """With --prices, the user's rows, multipliers and discounts count as changes of the new book."""
    own = written(tmp_path, OWN, "own.toml")

    said = diff(plain(), "--prices", own)

    assert said.code == 1
    assert said.out.partition("\n\n")[0].endswith(f", with the own prices of {own}")
    assert (
        said.out.partition("\n\n")[2]
        == """\
gcp.vertex_ai
  + theirs: input 4

openai
  + {"prefix": ["ft:mine"]}: input 7
  ~ small
      ~  output  0.4 to 0.3  -25.0 %

for many models
  + own multiplier of azure.ai.openai ["*"] {"deployment_type": "zone"}: 1.2
  + own multiplier of openai ["*"] {"server_address": "*.eu.test"}: 1.3
  + own discount of azure.ai.openai ["*"]: 0.5

2 models added, 0 removed, 1 changed
"""
    )


def test_own_prices_of_what_is_resold(diff: Diffs, tmp_path: Path) -> None:
    """A row for a reseller is compared with the seller's price that held there until then."""
    own = 'schema = 1\n[[price]]\nprovider = "azure"\nmodel = "small"\nrates = { input = "0.2" }\n'

    said = diff(plain(), "--prices", written(tmp_path, own, "own.toml"))

    assert "\nazure.ai.openai\n  ~ small\n      ~  input   0.1 to 0.2" in said.out


_DAYS = ["2026-01-01", "2026-02-01", "2026-03-01"]
_RATES = st.dictionaries(
    st.sampled_from(["input", "output"]), st.sampled_from(["1", "2"]), min_size=1, max_size=2
)
_ROWS = st.dictionaries(st.sampled_from(["", *_DAYS]), _RATES, min_size=1)


def _model(rows: dict[str, dict[str, str]]) -> Model:
    plain_rows = [{"rates": rates} | ({"from": day} if day else {}) for day, rates in rows.items()]
    return Model(id="m", rows=rows_of(plain_rows, {}), version="v")


@given(_ROWS, _ROWS)
def test_changes_are_what_differs_on_a_day(old: dict[str, Any], new: dict[str, Any]) -> None:
    """On every day the changes of that day are exactly what is different between the rows of that day."""
    one, other = _model(old), _model(new)
    found = list(changes(one, other))

    for day in [day_of("2025-06-01"), *[day_of(text) + more for text in _DAYS for more in (-1, 0, 1)]]:
        before, after = active(one.rows, day)[0].rates, active(other.rows, day)[0].rates
        wanted = {
            (name, before.get(name), after.get(name))
            for name in {*before, *after}
            if before.get(name) != after.get(name)
        }
        holding = {
            (change.key.name, change.old, change.new)
            for change in found
            if (change.since is None or change.since <= day) and (change.until is None or day < change.until)
        }
        assert holding == wanted
