"""A complete Caviar worker for an objective of your own: python examples/worker.py http://127.0.0.1:8000"""

import secrets
import sys
import time

import httpx

server = httpx.Client(base_url=sys.argv[1], timeout=60)
claim = {"worker": f"parabola-{secrets.token_hex(4)}", "trainers": ["parabola"], "features": ["stop"]}


def objective(hparams, step):
    """Here you would train. This is a bowl with its lowest point at x = 3, y = -1, which is found step by step."""
    return {"loss": (hparams["x"] - 3) ** 2 + (hparams["y"] + 1) ** 2 + 1 / step}


def call(verb, body, **headers):
    """One request, repeated until the server answers: every call of the protocol may be sent twice."""
    while True:
        try:
            return server.post(f"/v1/trials:{verb}", json=body, headers=headers).raise_for_status().json()
        except httpx.HTTPError as error:
            if isinstance(error, httpx.HTTPStatusError) and error.response.is_client_error:
                raise
            time.sleep(1)


def work(trial):
    proof = {"trial": trial["id"], "attempt": trial["attempt"], "token": trial["lease"]["token"]}
    for step in range(1, trial["hyperparameters"]["steps"] + 1):
        report = {**proof, "step": step, "metrics": objective(trial["hyperparameters"], step)}
        if call("report", {"reports": [report]})["results"][0]["status"] in ("stop", "lost"):
            return  # the server has ended this trial, or another worker has it
    call("finish", {"outcomes": [{**proof, "outcome": "completed", "metrics": report["metrics"]}]})


while True:
    for trial in call("claim", {**claim, "claim_key": secrets.token_hex(16)}, Prefer="wait=20")["trials"]:
        work(trial)
