"""The files for containers, as far as they can be checked where no engine runs."""

import json
import re
import shlex
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from caviar.commands.main import app
from caviar.settings import Settings
from tests.house.tree import PACKAGES, ROOT

SERVICE_KEYS = {
    "build", "command", "depends_on", "deploy", "environment", "healthcheck", "image", "init", "ports", "restart",
    "volumes",
}  # fmt: skip
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
INSTRUCTION = re.compile(r"^([A-Z]+) +((?:.*\\\n)*.*)$", re.MULTILINE)
DOCKERFILE = [
    (word, rest.replace("\\\n", " ")) for word, rest in INSTRUCTION.findall((ROOT / "Dockerfile").read_text())
]


def arguments(word: str) -> list[str]:
    return [rest for found, rest in DOCKERFILE if found == word]


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
    waited_for = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert all("healthcheck" in SERVICES[name] for name in waited_for)


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
    assert ours == {"CAVIAR_DATABASE_URL", "CAVIAR_DATA_DIR"}
    assert {name.removeprefix("CAVIAR_").lower() for name in ours} <= set(Settings.model_fields)


def test_the_image_is_built_from_files_that_exist_and_are_sent_to_the_builder() -> None:
    copied = {source for rest in arguments("COPY") if "--from" not in rest for source in rest.split()[:-1]}
    assert set(PACKAGES) <= copied
    assert all((ROOT / source).exists() for source in copied)
    sent = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"}
    assert copied == sent


def test_the_image_does_not_run_as_root() -> None:
    assert arguments("USER") == ["caviar"]
