"""/metrics: what Prometheus collects."""

from fastapi import APIRouter, Response

from service.api.parameters import ServiceOf

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
EXAMPLE = 'caviar_queued_trials{trainer="mlp"} 8.0\ncaviar_granted_trials_total 96.0\n'
router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": EXAMPLE}}}},
)
def metrics(service: ServiceOf) -> Response:
    """This server process in Prometheus' text format; docs/operating.md explains every metric."""
    return Response(service.metrics.exposition(), media_type=MEDIA_TYPE)
