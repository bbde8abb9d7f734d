"""What run.js tells the tests: where the server is, and tokens of every tenant."""

import json
import os
from pathlib import Path

_WORLD = json.loads(Path(os.environ["POLLS_CLIENTS_WORLD"]).read_text())

TENANT = "python"
URL = _WORLD["url"]
SOCKET_URL = URL.replace("http", "ws", 1)
TOKENS = _WORLD["tokens"]
CREATOR, VOTER, OTHER, THIRD = TOKENS[TENANT][20:24]
SDL = (Path(__file__).parents[3] / "schema.graphql").read_text()


def headers(token=None, tenant=TENANT):
    """The headers of a caller."""
    named = {"X-Tenant": tenant}
    return {**named, "Authorization": f"Bearer {token}"} if token else named
