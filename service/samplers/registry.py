"""Samplers by the name a spec gives them."""

from caviar.spec import SamplerName
from service.samplers.grid import GridSampler
from service.samplers.interface import Adaptive, Independent
from service.samplers.quasi import SobolSampler
from service.samplers.uniform import RandomSampler
from service.samplers.zoom import ZoomSampler

SAMPLERS: dict[SamplerName, Independent | Adaptive] = {
    SamplerName.RANDOM: RandomSampler(),
    SamplerName.SOBOL: SobolSampler(),
    SamplerName.GRID: GridSampler(),
    SamplerName.ZOOM: ZoomSampler(),
}
INDEPENDENT = frozenset(name for name, sampler in SAMPLERS.items() if isinstance(sampler, Independent))
"""Those that depend on no result. Known by name, since asking an object takes as long as a query."""
