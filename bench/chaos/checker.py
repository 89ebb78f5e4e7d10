"""The history checker: what clients were told, held against what the server says afterwards. Pure."""

from collections.abc import Sequence

from bench.chaos import acknowledged, books, fences, recomputed
from bench.chaos.acts import Acts
from bench.chaos.evidence import Told
from bench.chaos.findings import Fault, Finding


def check(acts: Acts, told: Sequence[Told]) -> list[Finding]:
    return [finding for part in (acknowledged, recomputed, fences, books) for finding in part.check(acts, told)]


def counted(findings: Sequence[Finding]) -> dict[str, int]:
    """By the four words of the contract."""
    return {fault.value: sum(finding.fault is fault for finding in findings) for fault in Fault}
