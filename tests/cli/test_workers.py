"""``--workers`` and ``--scheduler``: every command takes them, wherever they stand."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iamdesk.cli import simulate
from iamdesk.cli.choices import choice
from iamdesk.work import processes, workers
from iamdesk.work.processes import Processes


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "workers", None)
    monkeypatch.setattr(choice, "scheduler", None)


@pytest.mark.parametrize("given", ["0", "-1", "two", "", "1.5", "257"])
@pytest.mark.parametrize("first", [True, False])
def test_a_number_of_workers_that_is_none_is_bad_usage(
    iamdesk: Callable[..., Any], sample: Path, given: str, first: bool
) -> None:
    ended = iamdesk(
        *(("--workers", given) if first else ()), "findings", sample, *(() if first else ("--workers", given))
    )
    assert ended.returncode == 2
    assert "--workers" in ended.stderr
    assert not ended.stdout


def test_an_option_without_its_value_is_bad_usage(iamdesk: Callable[..., Any], sample: Path) -> None:
    assert iamdesk("findings", sample, "--workers").returncode == 2
    assert iamdesk("findings", sample, "--scheduler").returncode == 2


def test_they_are_told_of(iamdesk: Callable[..., Any]) -> None:
    told = iamdesk("--help").stdout
    assert "--workers" in told
    assert "--scheduler" in told


@pytest.mark.parametrize("options", [["--workers", "1"], ["--workers=2"]])
def test_commands_of_every_kind_take_them(iamdesk: Callable[..., Any], sample: Path, options: list[str]) -> None:
    for command in (["validate", sample], ["findings", sample]):
        before = iamdesk(*command)
        assert iamdesk(*command, *options).stdout == before.stdout
        assert iamdesk(*options, *command).stdout == before.stdout


def test_findings_are_the_same_whoever_finds_them(
    iamdesk: Callable[..., Any], organization: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    class Counted(Processes):
        def __init__(self, number: int, *more: Any, **options: Any) -> None:
            started.append(number)
            super().__init__(number, *more, **options)

    monkeypatch.setattr("iamdesk.work.settings.Processes", Counted)
    alone = iamdesk("findings", organization, "--workers", "1")
    assert not started
    monkeypatch.setattr(workers, "MIN_PRINCIPALS", 1)
    shared = iamdesk("findings", organization, "--workers", "2")
    assert started == [1], "this process is the other one"
    assert shared.returncode == alone.returncode == 0
    assert shared.stdout == alone.stdout


def test_cases_are_answered_the_same_and_in_order(
    iamdesk: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate, "_LARGE", 1)
    monkeypatch.setattr(simulate, "_BATCH", 3)
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    lines: list[str] = []
    for number in range(20):
        case = {
            "id": number,
            "principal": f"arn:aws:iam::111122223333:user/{number}",
            "action": "s3:GetObject",
            "resource": "arn:aws:s3:::a/b",
            "resource_account": "111122223333",
            "identity_policies": [{"name": "p", "document": allow}] if number % 3 else [],
            "expected": "allowed",
        }
        lines += [json.dumps(case), "" if number % 5 else "{"]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines))
    alone = iamdesk("simulate", "cases.jsonl", "--workers", "1")
    shared = iamdesk("simulate", "cases.jsonl", "--workers", "2")
    assert alone.returncode == 1
    assert len(alone.stdout.splitlines()) == 24
    assert (shared.returncode, shared.stdout, shared.stderr) == (alone.returncode, alone.stdout, alone.stderr)


def test_a_small_snapshot_starts_no_process(
    iamdesk: Callable[..., Any], sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(processes.Processes, "_start", refuse)
    assert iamdesk("findings", sample, "--workers", "2").returncode == 0


def test_a_scheduler_that_is_not_there_is_one_clear_sentence(
    iamdesk: Callable[..., Any], sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iamdesk.work.cluster._TIMEOUT", 1)
    ended = iamdesk("findings", sample, "--scheduler", "tcp://127.0.0.1:9")
    assert ended.returncode == 2
    assert not ended.stdout
    assert ended.stderr.startswith("iamdesk: no Dask scheduler can be reached at tcp://127.0.0.1:9: ")
    assert len(ended.stderr.splitlines()) == 1


def test_without_the_package_it_is_said_how_to_get_it(
    iamdesk: Callable[..., Any], sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    ended = iamdesk("findings", sample, "--scheduler", "tcp://127.0.0.1:9")
    assert ended.returncode == 2
    assert ended.stderr == (
        "iamdesk: a Dask cluster requires the package distributed: pip install 'iamdesk[cluster]'\n"
    )


def test_two_workers_that_die_end_the_command(
    iamdesk: Callable[..., Any], sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MIN_PRINCIPALS", 1)
    monkeypatch.setattr("iamdesk.checks.parallel.find", die)
    ended = iamdesk("findings", sample, "--workers", "2")
    assert ended.returncode == 2
    assert not ended.stdout
    first, second = ended.stderr.splitlines()
    assert first == f"iamdesk: {processes.lost_once()}"
    assert second == f"iamdesk: {processes.lost_twice()}"


def die(*_: object) -> None:
    import os  # in the worker

    os._exit(9)
