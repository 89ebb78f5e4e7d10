"""The files for containers, as far as they can be checked where no engine runs.

What they run is run: the very commands, as processes of this machine, with a real Postgres of the same version.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from caviar import Client
from caviar.commands.main import app
from caviar.processes import Process, start, stop
from caviar.settings import Settings
from tests.house.tree import PACKAGES, ROOT
from tests.postgres import Postgres, running_postgres
from tests.processes import port_to_keep

SERVICE_KEYS = {
    "build", "cap_drop", "command", "depends_on", "deploy", "environment", "healthcheck", "image", "init", "ports",
    "restart", "security_opt", "shm_size", "stop_grace_period", "volumes",
}  # fmt: skip
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
INSTRUCTION = re.compile(r"^([A-Z]+) +((?:.*\\\n)*.*)$", re.MULTILINE)
DOCKERFILE = [
    (word, rest.replace("\\\n", " ")) for word, rest in INSTRUCTION.findall((ROOT / "Dockerfile").read_text())
]


def arguments(word: str) -> list[str]:
    return [rest for found, rest in DOCKERFILE if found == word]


def health_command() -> list[str]:
    """What the image's HEALTHCHECK runs."""
    (rest,) = arguments("HEALTHCHECK")
    command: list[str] = json.loads(rest.partition("CMD ")[2])
    return command


def is_accepted(*command: str) -> bool:
    """Whether `caviar` knows the command with these flags; typer reads all of them before it obeys --help."""
    return CliRunner().invoke(app, [*command, "--help"]).exit_code == 0


def variables() -> set[str]:
    in_image = {word.partition("=")[0] for rest in arguments("ENV") for word in shlex.split(rest)}
    return in_image.union(*(service.get("environment", {}) for service in SERVICES.values()))


def test_compose_has_the_shape_of_its_specification() -> None:
    assert set(COMPOSE) == {"name", "services", "volumes", "x-caviar"}
    assert set(SERVICES) == {"server", "worker", "postgres"}
    assert set().union(*SERVICES.values()) - {"<<"} <= SERVICE_KEYS
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        assert all(set(healthy) == {"condition"} for healthy in service.get("depends_on", {}).values())
        assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= set(COMPOSE["volumes"])


def test_whoever_is_waited_for_tells_its_health() -> None:
    """By a check of its own, or by that of our image."""
    waited_for = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert waited_for == {"server", "postgres"}
    assert "test" in SERVICES["postgres"]["healthcheck"]
    assert "healthcheck" not in SERVICES["server"]
    assert health_command()
    assert SERVICES["worker"]["healthcheck"] == {"disable": True}


def test_the_password_is_required_and_has_no_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    variables = re.findall(r"\$\{(.+?)\}", text)
    assert variables == ["POSTGRES_PASSWORD:?choose a password for the database"] * 2
    assert "PASSWORD: caviar" not in text


def test_nothing_listens_to_other_machines() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_replica_of_the_server_has_a_port() -> None:
    (ports,) = SERVICES["server"]["ports"]
    first, last = map(int, ports.split(":")[1].split("-"))
    assert last - first + 1 == SERVICES["server"]["deploy"]["replicas"]


@pytest.mark.parametrize("name", ["server", "worker"])
def test_the_services_run_commands_that_exist(name: str) -> None:
    assert is_accepted(*SERVICES[name]["command"])


def test_the_image_runs_a_command_that_exists() -> None:
    assert [json.loads(rest) for rest in arguments("ENTRYPOINT")] == [["caviar"]]
    (command,) = (json.loads(rest) for rest in arguments("CMD"))
    assert is_accepted(*command)


def test_an_unknown_command_or_flag_would_be_noticed() -> None:
    assert not is_accepted("server")
    assert not is_accepted("serve", "--prt", "8000")


def test_every_variable_is_a_setting() -> None:
    ours = {name for name in variables() if name.startswith("CAVIAR_")}
    assert ours == {"CAVIAR_DATABASE_URL", "CAVIAR_DATA_DIR", "CAVIAR_LOG_FORMAT"}
    assert {name.removeprefix("CAVIAR_").lower() for name in ours} <= set(Settings.model_fields)


def test_the_image_is_built_from_files_that_exist_and_are_sent_to_the_builder() -> None:
    copied = {source for rest in arguments("COPY") if "--from" not in rest for source in rest.split()[:-1]}
    assert set(PACKAGES) <= copied
    assert all((ROOT / source).exists() for source in copied)
    sent = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"}
    assert copied == sent


def test_the_image_does_not_run_as_root() -> None:
    assert arguments("USER") == ["caviar"]


class Composed:
    """The services as processes: the commands and variables of the file, the names of its network replaced by ours."""

    def __init__(self, postgres: Postgres, folder: Path) -> None:
        self.postgres, self.folder = postgres, folder
        self.ports: list[int] = []
        self.running: list[Process] = []

    def environment(self, service: str) -> dict[str, str]:
        said = {name: str(value) for name, value in SERVICES[service]["environment"].items()}
        host = f"@/caviar?host={self.postgres.socket_folder}"
        replaced = {name: value.replace("@postgres/caviar", host) for name, value in said.items()}
        password = re.compile(r"\$\{POSTGRES_PASSWORD:\?.*?\}")
        filled = {name: password.sub("p@ss:w/rd", value) for name, value in replaced.items()}
        return {**filled, "CAVIAR_DATA_DIR": str(self.folder)}

    def run(self, service: str) -> Process:
        words = [str(word) for word in SERVICES[service]["command"]]
        if service == "server":
            self.ports.append(port_to_keep())
            words = [word.replace("8000", str(self.ports[-1])) for word in words]
        words = [word.replace("server:8000", f"127.0.0.1:{self.ports[0]}") for word in words]
        with (self.folder / "log").open("a") as log:
            self.running.append(start(*words, settings=self.environment(service), log=log))
        return self.running[-1]

    def is_healthy(self, port: int) -> bool:
        command = [word.replace("8000", str(port)) for word in health_command()]
        assert command[0] == "python"
        done = subprocess.run([sys.executable, *command[1:]], env={**os.environ}, capture_output=True, check=False)
        return done.returncode == 0

    def said(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """As many servers and workers as the file has replicas, in the order of depends_on."""
    version = int(SERVICES["postgres"]["image"].partition(":")[2])
    with running_postgres(version) as postgres:
        postgres.execute(f"CREATE ROLE {SERVICES['postgres']['environment']['POSTGRES_USER']} LOGIN")
        postgres.execute("CREATE DATABASE caviar OWNER caviar")
        services = Composed(postgres, tmp_path_factory.mktemp("composed"))
        try:
            for _ in range(SERVICES["server"]["deploy"]["replicas"]):
                services.run("server")
            deadline = time.monotonic() + 60
            while not all(services.is_healthy(port) for port in services.ports):
                assert time.monotonic() < deadline, services.said()
            for _ in range(SERVICES["worker"]["deploy"]["replicas"]):
                services.run("worker")
            yield services
        finally:
            stop(reversed(services.running))


def test_what_compose_runs_works_together(composed: Composed) -> None:
    """Submitted at one server, trained by workers of the first, read at the other."""
    space = {"learning_rate": {"low": 0.001, "high": 0.1, "scale": "log"}, "epochs": 2}
    spec = {"dataset": "iris", "metric": "dev_accuracy", "goal": "maximize", "space": space, "trials": 6, "parallel": 2}
    first, second = (Client(f"http://127.0.0.1:{port}") for port in composed.ports)
    with first, second:
        search = second.submit(spec).id
        deadline = time.monotonic() + 60
        while (found := first.search(search)).state == "active":
            assert time.monotonic() < deadline, composed.said()
            time.sleep(0.1)
        assert found.state == "completed"
        assert len(second.leaderboard(search).items) == 6
        assert len(first.workers().items) == 2
    assert {json.loads(line)["level"] for line in composed.said().splitlines()} == {"info"}
    assert not composed.is_healthy(1)
