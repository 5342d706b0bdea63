"""The budget file: what it can say, how it is refused when it is wrong, and how changes are followed."""

from __future__ import annotations

import logging
import os
import time

from decimal import Decimal
from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.budgets.budget import Budget, Plan, RunawaySettings
from otel_tokens.budgets.file import PlanFile, find_plan, plan_of, read_plan
from otel_tokens.errors import ConfigError
from otel_tokens.files.locate import line_of
from otel_tokens.ledgers.settings import LedgerSettings


USD = 10**12
NAME = '[[budget]]\nname = "b"\n'
HEAD = NAME + "limit_usd = 5\n"

FULL = """
[ledger]
url = "redis://:secret@host:6379/0"
namespace = "prod-1"
on_failure = "block"
slice = "5%"
timeout_s = 0.25
lease_s = "30"

[[budget]]
name = "search-daily"
limit_usd = "50.25"
window = "day"
timezone = "Europe/Berlin"
match = { team = "search", "gen_ai.request.model" = ["gpt-*", "!gpt-4*"], service.name = "web" }
per = "user.id"
action = "warn"
alert_at = [1.0, "50%", 0.8, "2"]
on_failure = "allow"
on_unknown = "allow"
assume_output_tokens = 2000
scopes_limit = 500

[[budget]]
name = "tokens / each job"
limit_tokens = 1_000_000
window = "trace"
alert_at = []

[budget.match]
gen_ai.provider.name = ["openai"]

[runaway]
action = "warn"
open_s = 60
repeats = 20
repeats_s = 120.5
calls_per_trace = 0
cost_per_trace_usd = "2.50"
velocity = "7.5"
velocity_floor_usd = 3
"""


def one(text: str) -> Budget:
    """The one budget of a file."""
    (budget,) = plan_of(text, "f.toml").budgets
    return budget


def refusal(text: str) -> str | None:
    """Why a file is refused."""
    try:
        plan_of(text, "f.toml")
    except ConfigError as error:
        return str(error)
    return None


def test_everything_that_can_be_said() -> None:
    """Each key of the file has its place in the plan, in the unit of the ledger."""
    assert plan_of(FULL, "f.toml") == Plan(
        path="f.toml",
        ledger=LedgerSettings(
            url="redis://:secret@host:6379/0",
            namespace="prod-1",
            slice=Decimal("0.05"),
            timeout_s=0.25,
            lease_s=30.0,
        ),
        budgets=(
            Budget(
                name="search-daily",
                limit=50_250_000_000_000,
                window="day",
                timezone="Europe/Berlin",
                match={
                    "team": "search",
                    "gen_ai.request.model": ("gpt-*", "!gpt-4*"),
                    "service.name": "web",
                },
                per="user.id",
                scopes_limit=500,
                action="warn",
                alert_at=(Decimal("0.5"), Decimal("0.8"), Decimal(1), Decimal(2)),
                on_failure="allow",
                on_unknown="allow",
                assume_output_tokens=2000,
            ),
            Budget(
                name="tokens / each job",
                limit=1_000_000,
                unit="tokens",
                window="trace",
                match={"gen_ai.provider.name": "openai"},
                alert_at=(),
                on_failure="block",
            ),
        ),
        runaway=RunawaySettings(
            action="warn",
            open_s=60.0,
            repeats=20,
            repeats_s=120.5,
            calls_per_trace=0,
            cost_per_trace=5 * USD // 2,
            velocity=Decimal("7.5"),
            velocity_floor=3 * USD,
        ),
    )


def test_what_is_not_said_has_its_default() -> None:
    """An empty file is a plan without budgets that warns of runaways; a bare `[runaway]` blocks."""
    assert plan_of("", "f") == Plan(path="f")
    assert plan_of("[runaway]", "f") == Plan(path="f", runaway=RunawaySettings(action="block"))
    assert plan_of("[ledger]", "f") == Plan(path="f")
    assert one(HEAD) == Budget(name="b", limit=5 * USD)


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ("50", 50 * USD),
        ('"0.05"', USD // 20),
        ('" 1e2 "', 100 * USD),
        ('"0.000000000001"', 1),
        ('"0.0000000000001"', 1),
        ('"1e-99999"', 1),
        ("8_999_999", 8_999_999 * USD),
    ],
)
def test_limits_are_exact(written: str, limit: int) -> None:
    """USD are whole pico-dollars, rounded up."""
    assert one(NAME + f"limit_usd = {written}").limit == limit


@pytest.mark.parametrize(
    ("url"),
    [
        "memory:",
        "memory://",
        "sqlite:///relative.db",
        "sqlite:////var/lib/ledger.db",
        "redis://h",
        "rediss://u:p@h:1/0",
        "valkey://h",
        "unix:///run/redis.sock",
        "redis+cluster://a,b",
        "rediss+sentinel://a,b/main",
    ],
)
def test_urls_of_ledgers(url: str) -> None:
    """The URL of every kind of ledger is accepted."""
    assert plan_of(f'[ledger]\nurl = "{url}"', "f").ledger.url == url


@pytest.mark.parametrize(
    ("written", "share"), [('"5%"', "0.05"), ('"0.05"', "0.05"), ("0.5", "0.5"), ("0", "0")]
)
def test_slices(written: str, share: str) -> None:
    """A slice is a share, or percents."""
    assert plan_of(f"[ledger]\nslice = {written}", "f").ledger.slice == Decimal(share)


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        # The document.
        ("[ledgre]", 1, ["ledgre: unknown key", "ledger, budget, runaway", "did you mean ledger?"]),
        ("\n[wholly_other]", 2, ["wholly_other: unknown key: 'wholly_other'; accepted: ledger, "]),
        ("a = 1\nb = ", 2, ["not TOML: "]),
        ('\n\nx = "', 3, ["not TOML: "]),
        ("[a]\nb = 1\n\n[a]", 4, ["not TOML: "]),
        ("x = " + "9" * 5000, 1, ["not TOML: "]),
        ("x = " + "[" * 20000, 1, ["not TOML: "]),
        # Budgets.
        ('[budget]\nname = "b"', 1, ["budget: not a list", "[[budget]]"]),
        ("budget = 5", 1, ["budget: not a list"]),
        ("budget = [5]", 1, ["budget[0]: not a table"]),
        ("[[budget]]\nlimit_usd = 5", 1, ["budget[0]: name is missing"]),
        ('[[budget]]\nname = ""', 2, ["name: not a text"]),
        ("[[budget]]\nname = 5", 2, ["name: not a text: 5"]),
        ('[[budget]]\nname = "a|b"', 2, ["name: not a name: 'a|b'", "up to 100 letters, digits and"]),
        (f'[[budget]]\nname = "{"x" * 101}"', 2, ["name: not a name"]),
        (HEAD + "\n" + HEAD, 6, ["budget[1].name: another budget has it: 'b'; accepted: a name of its own"]),
        (HEAD + "limit_usdd = 5", 4, ["budget[0].limit_usdd: unknown key", "did you mean limit_usd?"]),
        (NAME, 1, ["budget[0]: no limit: 'b'; accepted: limit_usd or limit_tokens"]),
        (HEAD + "limit_tokens = 5", 4, ["limit_tokens: a second limit: 5"]),
        (NAME + "limit_usd = 0.5", 3, ["limit_usd: a bare decimal is not exact, put it in quotes: 0.5; "]),
        (NAME + "limit_usd = 0", 3, ["limit_usd: out of range: 0; accepted: USD above 0, below 9000000"]),
        (NAME + 'limit_usd = "-1"', 3, ["limit_usd: out of range: '-1'"]),
        (NAME + 'limit_usd = "NaN"', 3, ["limit_usd: out of range: 'NaN'"]),
        (NAME + 'limit_usd = "Infinity"', 3, ["limit_usd: out of range"]),
        (NAME + 'limit_usd = "1e999999999"', 3, ["limit_usd: out of range"]),
        (NAME + "limit_usd = 9_000_000", 3, ["limit_usd: out of range: 9000000"]),
        (NAME + 'limit_usd = "$5"', 3, ["limit_usd: not a number: '$5'", '50 or "0.50"']),
        (NAME + "limit_usd = true", 3, ["limit_usd: not a number: True"]),
        (NAME + "limit_usd = nan", 3, ["limit_usd: a bare decimal"]),
        (NAME + "limit_usd = []", 3, ["limit_usd: not a number: []"]),
        (NAME + "limit_tokens = 0", 3, ["limit_tokens: not a whole number in range: 0"]),
        (NAME + 'limit_tokens = "5"', 3, ["limit_tokens: not a whole number in range: '5'"]),
        (NAME + "limit_tokens = 9_000_000_000_000_000_000", 3, ["limit_tokens: not a whole number in range"]),
        (HEAD + 'window = "year"', 4, ["window: not one of the accepted words: 'year'", "minute, hour, day"]),
        (HEAD + "window = []", 4, ["window: not one of the accepted words: []"]),
        (HEAD + 'timezone = "Mars"', 4, ["timezone: not a time zone: 'Mars'; accepted: UTC, or a name"]),
        (HEAD + "timezone = 1", 4, ["timezone: not a text: 1"]),
        (HEAD + 'match = "search"', 4, ["match: not a table: 'search'", '{ team = "search" }']),
        (HEAD + "match = { team = 5 }", 4, ["match.team: not a text: 5"]),
        (HEAD + "match = { team = [5] }", 4, ["match.team[0]: not a text: 5"]),
        (HEAD + "match = { team = [] }", 4, ["match.team: empty"]),
        (HEAD + '[budget.match]\na = "x"\n# team = 1\nteam = ""', 7, ["match.team: not a text: ''"]),
        (HEAD + 'match = { team = "!" }', 4, ["match.team: fits nothing: '!'"]),
        (HEAD + 'match = { team = ["a", "!*"] }', 4, ["match.team: fits nothing: '!*'"]),
        (HEAD + 'match = { a.b = "x", "a.b" = "y" }', 4, ["match: states a label twice: 'a.b'"]),
        (HEAD + 'per = ""', 4, ["per: not a text"]),
        (HEAD + 'window = "trace"\nper = "x"', 5, ['per: window = "trace" counts apart already: \'x\'']),
        (HEAD + 'per = "x"\nwindow = "session"', 4, ['per: window = "session" counts apart already']),
        (HEAD + 'action = "stop"', 4, ["action: not one of the accepted words: 'stop'; accepted: block"]),
        (HEAD + "alert_at = 0.5", 4, ["alert_at: not a list: 0.5"]),
        (HEAD + "alert_at = [0.5, 0]\nmatch = {}", 4, ["alert_at[1]: out of range: 0"]),
        (HEAD + "alert_at = [10.5]\nmatch = {}", 4, ["alert_at[0]: out of range: 10.5", "up to 10"]),
        (HEAD + 'alert_at = ["2000%"]', 4, ["alert_at[0]: out of range"]),
        (HEAD + 'alert_at = ["x%"]', 4, ["alert_at[0]: not a number"]),
        (HEAD + "alert_at = [inf]", 4, ["alert_at[0]: out of range"]),
        (HEAD + 'alert_at = [0.5, "50%"]', 4, ["alert_at: states a share twice"]),
        (HEAD + 'on_failure = "ignore"', 4, ["on_failure: not one of the accepted words"]),
        (HEAD + 'on_unknown = "warn"', 4, ["on_unknown: not one of the accepted words: 'warn'"]),
        (NAME + 'limit_tokens = 5\non_unknown = "allow"', 4, ["on_unknown: tokens need no price"]),
        (HEAD + "assume_output_tokens = 0", 4, ["assume_output_tokens: not a whole number in range: 0"]),
        (HEAD + "scopes_limit = 1_000_001", 4, ["scopes_limit: not a whole number in range"]),
        # The ledger.
        ("[ledger]\n\nslice = 0.6", 3, ["ledger.slice: out of range: 0.6; accepted: 0 to 0.5"]),
        ('[ledger]\nslice = "-5%"', 2, ["ledger.slice: out of range"]),
        ("[ledger]\nslice = true", 2, ["ledger.slice: not a number: True"]),
        ('[ledger]\nnamespace = "a{b}"', 2, ["ledger.namespace: not a name: 'a{b}'"]),
        ('[ledger]\non_failure = ""', 2, ["ledger.on_failure: not one of the accepted words: ''"]),
        ("[ledger]\ntimeout_s = 0", 2, ["ledger.timeout_s: out of range: 0; accepted: 0.01 to 60 seconds"]),
        ("[ledger]\nlease_s = 1e9", 2, ["ledger.lease_s: out of range"]),
        ("[[ledger]]", 1, ["ledger: not a table: 'list'; accepted: [ledger] with url, namespace"]),
        (HEAD + "[ledger]\nurl = 5", 5, ["ledger.url: not the URL of a ledger"]),
        # Runaways.
        ("runaway = false", 1, ["runaway: not a table: 'bool'; accepted: [runaway] with action"]),
        ('[runaway]\naction = "stop"', 2, ["runaway.action: not one of the accepted words"]),
        ("[runaway]\nvelocity = 0.5", 2, ["runaway.velocity: out of range: 0.5; accepted: 0, or 1 to"]),
        ("[runaway]\nrepeats = -1", 2, ["runaway.repeats: not a whole number in range"]),
        ("[runaway]\nopen_s = 0", 2, ["runaway.open_s: out of range"]),
        ('[runaway]\ncost_per_trace_usd = "-1"', 2, ["runaway.cost_per_trace_usd: out of range", "from 0"]),
        ("[runaway]\nvelocity_floor = 1", 2, ["velocity_floor: unknown key", "mean velocity_floor_usd?"]),
    ],
)  # fmt: skip
def test_refusals(text: str, line: int, parts: list[str]) -> None:
    """What is wrong is refused with file, line, key, value and what is accepted."""
    with pytest.raises(ConfigError) as caught:
        plan_of(text, "f.toml")

    message = str(caught.value)
    assert message.startswith(f"f.toml:{line}: ")
    for part in parts:
        assert part in message


@pytest.mark.parametrize(
    "text",
    [
        '[ledger]\nurl = "http://user:hunter2@host"',
        '[ledger]\nurl = "user:hunter2@host"',
        '[ledger]\nurl = "redis:user:hunter2@host"',
        '[ledger]\nurl = ["redis://user:hunter2@host"]',
        'ledger = "redis:hunter2@host"',
        '[[ledger]]\nurl = "redis://user:hunter2@host"',
        '[ledger]\nnamespace = "redis://user:hunter2@host"',
        '[ledger]\n"redis://user:hunter2@host" = 1',
        '[[budget]]\nurl = "redis://user:hunter2@host"',
        '[[budget]]\nname = "redis://user:hunter2@host/?password=hunter2"',
        '[ledger]\nurl = "redis://user:hunter2@host',
    ],
)
def test_refusals_tell_no_secrets(text: str) -> None:
    """A password in a URL is in no message, wherever the URL stands."""
    with pytest.raises(ConfigError) as caught:
        plan_of(text, "f.toml")

    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in str(caught.value.__cause__)


def test_the_scheme_of_a_wrong_url_is_told() -> None:
    """The message on a URL that is none of a ledger has its scheme, and the forms that are accepted."""
    with pytest.raises(
        ConfigError, match=r"'postgres://\*\*\*'; accepted: memory:, sqlite:///path, redis://"
    ):
        plan_of('[ledger]\nurl = "postgres://u:p@h/db"', "f.toml")


@given(st.text())
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    """No text does anything but give a plan or a `ConfigError`."""
    message = refusal(text)
    assert message is None or message.startswith("f.toml:")


@given(
    st.dictionaries(
        st.sampled_from(
            ["name", "limit_usd", "limit_tokens", "window", "match", "per", "alert_at", "action"]
        ),
        st.one_of(
            st.sampled_from(['"b"', "5", '"day"', '"trace"', '{ a = "b" }', "[0.5]", '"warn"', "{}", "[]"]),
            st.integers().map(str),
            st.floats().map(str),
        ),
    )
)
def test_whatever_a_budget_says_is_read_or_refused(keys: dict[str, str]) -> None:
    """No budget does anything but be read or be refused with a line of its own."""
    message = refusal("[[budget]]\n" + "\n".join(f"{key} = {value}" for key, value in keys.items()))
    assert message is None or 1 <= int(message.split(":")[1]) <= len(keys) + 1


def test_lines_of_tables() -> None:
    """A key has its line in a table, in an inline table, and as a dotted key; comments are passed over."""
    assert line_of("# url\n[other]\nx = 1\n[ledger]\n# url = 1\nurl = 2\n", ("ledger", "url")) == 6
    assert line_of("\nledger = { slice = 1, url = 2 }\n", ("ledger", "url")) == 2
    assert line_of("\nledger.url = 2\n", ("ledger", "url")) == 2
    assert line_of("\n [ ledger ]\n", ("ledger",)) == 2
    assert line_of("[[a]]\nb = [ { c = 1 },\n", ("a", 0, "b", 5)) == 2
    assert line_of("a = 'x\x0cy\u2028z'\nb = 1", ("b",)) == 2


# --- files -----------------------------------------------------------------------------------------


def test_a_file_is_read(tmp_path: Path) -> None:
    """A file may have the ends of lines and the mark of Windows."""
    path = tmp_path / "plan.toml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())

    assert read_plan(path) == Plan(path=str(path), budgets=(Budget(name="b", limit=5 * USD),))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: .*No such file"),
        (b"# \xff", "plan.toml:1: not UTF-8"),
        (b"a = 1\nb = '\xff'", "plan.toml:2: not UTF-8"),
        (b"#" * 1_000_001, "too large; accepted: .*at most 1 MB"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes | None, said: str) -> None:
    """A file that is missing, no text or too large is refused by name."""
    path = tmp_path / "plan.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        read_plan(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    """A directory, a pipe and a name that cannot be one are refused, and nobody waits for a writer."""
    os.mkfifo(tmp_path / "pipe")
    for name, said in (("", "not a file"), ("pipe", "not a file"), ("a\0b", "cannot be read")):
        with pytest.raises(ConfigError, match=said):
            read_plan(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    """A file without permission is refused by name."""
    path = tmp_path / "plan.toml"
    path.touch(mode=0)
    with pytest.raises(ConfigError, match="Permission"):
        read_plan(path)


def test_where_the_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable names the file; without it, it is `otel-tokens.toml` in the directory, if there."""
    own, other = tmp_path / "otel-tokens.toml", tmp_path / "other.toml"
    monkeypatch.setenv("HOME", str(tmp_path))

    assert find_plan(None, tmp_path) is None
    assert find_plan(" ", tmp_path) is None
    own.touch()
    other.touch()
    assert find_plan("", tmp_path) == own
    assert find_plan(" other.toml ", tmp_path) == other
    assert find_plan(str(other), Path("/")) == other
    assert find_plan("~/other.toml", Path("/")) == other


def test_a_file_that_is_asked_for_has_to_be_there(tmp_path: Path) -> None:
    """A variable that names no file is an error, as a cap that is silently absent costs money."""
    with pytest.raises(ConfigError, match=r"OTEL_TOKENS_CONFIG='gone\.toml': there is no such file"):
        find_plan("gone.toml", tmp_path)
    (tmp_path / "otel-tokens.toml").symlink_to("gone.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_plan(find_plan(None, tmp_path) or tmp_path)


# --- changes ---------------------------------------------------------------------------------------


class Followed:
    """A budget file, one that follows it, and a clock."""

    def __init__(self, path: Path, text: str | None = HEAD) -> None:
        self.path = path
        self.now_s = 100.0
        self._age_s = 1000
        if text is not None:
            self.write(text)
        self.file = PlanFile(path, lambda: self.now_s)

    def write(self, text: str) -> None:
        """Change the file, some time ago, and each time later."""
        self.path.write_text(text, "utf-8")
        self._age_s -= 1
        os.utime(self.path, (time.time() - self._age_s,) * 2)

    def look(self, text: str | None = None) -> Plan | None:
        """What there is after a second, with the file changed before."""
        if text is not None:
            self.write(text)
        self.now_s += 1
        return self.file.current()


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    """A right file that is followed."""
    return Followed(tmp_path / "plan.toml")


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What has been logged as an error."""
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


def test_a_change_is_a_new_plan(followed: Followed) -> None:
    """A change is told once; no change, and one that says the same, is none."""
    assert followed.look() is None
    plan = followed.look(HEAD.replace("5", "6"))
    assert plan is not None
    assert plan.path == str(followed.path)
    assert plan.budgets[0].limit == 6 * USD
    assert followed.look() is None
    assert followed.look(HEAD.replace("5", "6") + "# a comment") is None


def test_it_looks_once_a_second(followed: Followed) -> None:
    """Within a second nobody looks at the file."""
    followed.write(HEAD.replace("5", "6"))
    followed.now_s += 0.9
    assert followed.file.current() is None
    followed.now_s += 0.1
    assert followed.file.current() is not None


def test_a_new_file_in_its_place_is_a_change(followed: Followed, tmp_path: Path) -> None:
    """A file that is moved there counts, also with the time and the size of the old one."""
    before = followed.path.stat()
    other = tmp_path / "other.toml"
    other.write_text(HEAD.replace("5", "7"), "utf-8")
    os.utime(other, ns=(before.st_mtime_ns, before.st_mtime_ns))
    other.replace(followed.path)

    plan = followed.look()

    assert plan is not None
    assert plan.budgets[0].limit == 7 * USD


def test_a_wrong_change_is_logged_once(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    """A file that has become wrong leaves the plan as it was, and is logged once for each content."""
    assert followed.look("limit = ") is None
    assert followed.look() is None
    assert followed.look("limit = ") is None
    assert followed.file.errors == len(errors(caplog)) == 1
    assert errors(caplog)[0].endswith("; budgets stay as they were")
    assert followed.look("\nlimit = ") is None
    assert "plan.toml:2: not TOML" in errors(caplog)[1]

    assert followed.look(HEAD) is None, "as it was"
    assert followed.look("\nlimit = ") is None
    assert followed.file.errors == 3
    assert followed.look(HEAD.replace("5", "6")) is not None


def test_a_file_that_vanishes_changes_nothing(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    """A file that is gone leaves the plan as it was, and is logged once, until it is there again."""
    followed.path.unlink()
    for _ in range(3):
        assert followed.look() is None
    assert followed.file.errors == len(errors(caplog)) == 1
    assert followed.look(HEAD) is None
    followed.path.unlink()
    assert followed.look() is None
    assert followed.file.errors == 2
    assert followed.look(HEAD.replace("5", "6")) is not None


def test_a_ledger_is_not_changed_while_it_is_used(
    followed: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    """Another ledger takes a restart, which is logged; the rest of the same change counts."""
    assert followed.look(HEAD + '[ledger]\nurl = "redis://:hunter2@h"') is None
    plan = followed.look(HEAD.replace("5", "6") + '[ledger]\nnamespace = "other"\non_failure = "block"')

    assert plan is not None
    assert plan.ledger == LedgerSettings()
    assert (plan.budgets[0].limit, plan.budgets[0].on_failure) == (6 * USD, "block")
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == 2
    assert all("[ledger] has changed" in warning and "hunter2" not in warning for warning in warnings)


def test_a_file_that_is_being_written_is_left_alone(followed: Followed) -> None:
    """A file that was changed this very moment may be half written, so it is read at the next look."""
    followed.write("")
    now_ns = time.time_ns() + 60 * 10**9
    os.utime(followed.path, ns=(now_ns, now_ns))
    plan = followed.look()
    assert plan is not None, "a clock that is wrong keeps nothing from being read"

    followed.path.write_text(HEAD, "utf-8")
    until_ns = time.time_ns() + 10**9
    while followed.look() is None:
        assert time.time_ns() < until_ns
    age_ns = time.time_ns() - followed.path.stat().st_mtime_ns
    assert age_ns > 40_000_000


def test_a_file_that_was_written_just_before_is_read_again(tmp_path: Path) -> None:
    """What changes right after the start is seen, even if the file's time and size do not tell."""
    path = tmp_path / "plan.toml"
    path.write_text(HEAD, "utf-8")
    now_s = [0.0]
    file = PlanFile(path, lambda: now_s[0])
    stamp = path.stat().st_mtime_ns
    path.write_text(HEAD.replace("5", "6"), "utf-8")
    os.utime(path, ns=(stamp - 10**9, stamp - 10**9))

    now_s[0] += 1

    assert file.current() is not None


def test_a_file_that_was_wrong_from_the_start(tmp_path: Path) -> None:
    """A file that is there later is a new plan."""
    followed = Followed(tmp_path / "plan.toml", None)

    assert followed.file.errors == 1
    assert followed.look() is None
    plan = followed.look(HEAD)
    assert plan is not None
    assert plan.budgets[0].name == "b"
    unreadable = PlanFile(tmp_path / "a\0b", lambda: followed.now_s)
    assert unreadable.errors == 1
