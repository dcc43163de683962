"""A fake AWS over HTTP, filled once; a gate in front of it; and the credentials that it takes."""

import functools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader

from iamdesk.collect.options import Captured, Kind, Options
from iamdesk.collect.start import collect
from iamdesk.progress import never_cancelled

from .gate import Gate, gate_before
from .world import REGION, World, fill

type Collect = Callable[..., Captured]

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-secret-half"}
_ELSEWHERE = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")


@pytest.fixture(scope="module", autouse=True)
def service_models() -> Iterator[None]:
    """A module parses botocore's service models once: each of its sessions would again, half of the time it takes.

    What was parsed is not changed: clients of one session share it, too.
    """
    parse = functools.cache(functools.partial(JSONFileLoader.load_file, JSONFileLoader()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _loader, path: parse(path))
        yield


@pytest.fixture(scope="session")
def fake_aws() -> Iterator[int]:
    """The port of an empty fake AWS."""
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("fake_aws.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        assert server.stdin is not None
        server.stdin.close()


@pytest.fixture(scope="session")
def world(fake_aws: int) -> World:
    return fill(f"http://127.0.0.1:{fake_aws}")


@pytest.fixture
def gate(world: World, fake_aws: int) -> Iterator[Gate]:
    with gate_before(fake_aws) as gate:
        yield gate


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in _ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def collected(gate: Gate, signed_in: None) -> Collect:
    """Collects through the gate, from one Region. What moto lacks thirty times over is not asked for."""

    def run(output: Path, **more: Any) -> Captured:
        usual = {"regions": (REGION,), "endpoint_url": gate.url, "skip": frozenset({Kind.SERVICE_LAST_ACCESSED})}
        options = {**usual, **more}
        return collect(Options(output, **options), lambda _status: None, never_cancelled)

    return run


@pytest.fixture(scope="session")
def bundle(world: World, fake_aws: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything of both accounts, collected once. Not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        place = tmp_path_factory.mktemp("collected") / "acme"
        with gate_before(fake_aws) as gate:
            options = Options(place, regions=(REGION,), endpoint_url=gate.url, role_name="Audit")
            collect(options, lambda _status: None, never_cancelled)
    return place
