"""Samplers by the name a spec gives them."""

from caviar.spec import SamplerName, SamplerSpec
from service.samplers.interface import Sampler
from service.samplers.uniform import RandomSampler
from service.samplers.zoom import ZoomSampler

SAMPLERS: dict[SamplerName, Sampler] = {
    SamplerName.RANDOM: RandomSampler(),
    SamplerName.ZOOM: ZoomSampler(),
}


def sampler_for(spec: SamplerSpec) -> Sampler:
    return SAMPLERS[spec.name]
