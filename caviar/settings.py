"""What can be configured: by a flag, else CAVIAR_*, else caviar.toml in the current folder, else the default.

Built once at the entry point and passed down; nothing else reads the environment.
"""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from caviar.errors import InvalidSettings
from caviar.logs import LogFormat, LogLevel
from caviar.validation import pointer, sentence


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CAVIAR_", toml_file="caviar.toml", frozen=True, extra="forbid")

    database_url: Annotated[str | None, Field(description="SQLAlchemy URL; default: caviar.db in data_dir")] = None
    data_dir: Annotated[Path, Field(description="where the SQLite file lies")] = platformdirs.user_data_path("caviar")
    url: Annotated[str, Field(description="the server that commands, workers and `caviar.Client()` talk to")] = (
        "http://127.0.0.1:8000"
    )
    host: Annotated[str, Field(description="the address the server listens on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="the port the server listens on; 0 takes a free one")] = 8000
    lease_ttl_seconds: Annotated[float, Field(gt=0, description="a worker silent so long has lost its trials")] = 30.0
    heartbeat_seconds: Annotated[float, Field(gt=0, description="how often a busy worker renews its leases")] = 5.0
    capacity: Annotated[int, Field(ge=1, le=1000, description="how many trials a worker claims at most")] = 16
    memory_mb: Annotated[
        float | None,
        Field(
            gt=0,
            allow_inf_nan=False,
            description="what one stack's arrays may take; default: a quarter of the machine's",
        ),
    ] = None

    report_retention_days: Annotated[
        float | None,
        Field(gt=0, le=36500, description="how long reports of ended trials are kept; default: for ever"),
    ] = None
    log_format: Annotated[LogFormat, Field(description="text for people, json for log stores")] = "text"
    log_level: Annotated[LogLevel, Field(description="the least that server and workers log")] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'caviar.db'}"

    @property
    def lease_ttl(self) -> timedelta:
        return timedelta(seconds=self.lease_ttl_seconds)

    @property
    def report_retention(self) -> timedelta | None:
        return None if self.report_retention_days is None else timedelta(days=self.report_retention_days)


def load_settings(**flags: Any) -> Settings:
    """Flags that were not given are None and leave the other sources to speak. Raises InvalidSettings."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(f"caviar.toml is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = pointer(first["loc"]).strip("/")
        reason = sentence(first, Settings.model_fields)
        raise InvalidSettings(f"the setting {name} (CAVIAR_{name.upper()}) {reason}") from error
