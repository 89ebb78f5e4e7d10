"""Prints the OpenAPI document of this release: `python -m service.openapi > openapi.json`."""

import json

from caviar.settings import Settings
from service.app import create_app


def document() -> str:
    return json.dumps(create_app(Settings()).openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(document(), end="")
