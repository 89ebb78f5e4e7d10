"""Sobol's sequence, scrambled: points that fill the unit cube more evenly than random ones, each known by its number.

Notation: D dimensions, B = 32 bits. A coordinate is an integer of B bits, kept with its bits in reverse (the first
binary digit lowest) until it becomes a number in [0, 1).

Unscrambled, coordinate d of point n is the exclusive or of the direction numbers v_d,i over the ones i of n's Gray
code n ^ (n >> 1). Of the first 2^k points every elementary interval of volume 2^-k in the first two dimensions holds
exactly one, and every interval of length 2^-k in any one dimension. Scrambling keeps that: nested uniform scrambling
flips each digit at random, depending on the digits before it; a hash in which a bit depends only on lower ones does
that to a reversed number.

Sources: Joe and Kuo 2008 (directions.py); Antonov and Saleev 1979 (Gray code); Owen 1995 (nested scrambling); Laine and
Karras 2011, "Stratified sampling for stochastic transparency", and Burley 2020, "Practical hash-based Owen scrambling",
JCGT 9(4) (by a hash). Deviation: the hash has the constants that Vegdahl 2021 found to scramble better.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.samplers.directions import ROWS
from service.samplers.streams import Purpose, uniforms, words

DIMENSIONS = len(ROWS)
"""Of the sequence; further coordinates of a point are random."""
BITS = 32

Bits = NDArray[np.uint32]


def point(dimensions: int, *, seed: int, number: int) -> list[float]:
    """Point `number` of the sequence that belongs to this seed: numbers in [0, 1), multiples of 2^-32."""
    net = min(dimensions, DIMENSIONS)
    scrambled = _scramble(_digits(number)[:net], _keys(seed)[:net])
    rest = uniforms(dimensions - net, seed=seed, number=number) if dimensions > net else []
    return [*_fractions(scrambled), *rest]


def unscrambled(dimensions: int, *, number: int) -> list[float]:
    """The point as the sequence itself has it; up to 64 dimensions."""
    return _fractions(_digits(number)[:dimensions])


def _digits(number: int) -> Bits:
    """All coordinates of a point, their bits in reverse: (64,)."""
    gray = number ^ (number >> 1)
    ones = [i for i in range(gray.bit_length()) if gray >> i & 1]
    digits: Bits = np.bitwise_xor.reduce(_directions()[ones], axis=0)
    return digits


@lru_cache(maxsize=1)
def _directions() -> Bits:
    """v_d,i with its bits in reverse: (B, 64), so that bit i of a number picks a row."""
    return np.array([_column(*row) for row in ROWS], dtype=np.uint32).T.copy()


def _column(polynomial: int, first: tuple[int, ...]) -> list[int]:
    """The direction numbers of one dimension: m_i = 2 a_1 m_i-1 ^ 4 a_2 m_i-2 ^ … ^ 2^s m_i-s ^ m_i-s; v_i = m_i / 2^i.

    a_0 … a_s are the coefficients of the polynomial, the highest first; v_i with its bits in reverse is m_i's i bits in
    reverse.
    """
    m = list(first) if polynomial > 1 else [1] * BITS
    degree = polynomial.bit_length() - 1
    while len(m) < BITS:
        value = m[-degree]
        for k in range(1, degree + 1):
            value ^= (polynomial >> (degree - k) & 1) * m[-k] << k
        m.append(value)
    return [int(f"{value:0{i}b}"[::-1], 2) for i, value in enumerate(m, start=1)]


@lru_cache(maxsize=64)
def _keys(seed: int) -> Bits:
    """What tells the scrambling of one dimension from that of another: (64,)."""
    drawn = words(DIMENSIONS, seed=seed, number=0, purpose=Purpose.SCRAMBLING)
    return np.array([word >> BITS for word in drawn], dtype=np.uint32)


def _scramble(x: Bits, key: Bits) -> Bits:
    """Every step carries bits upwards only. All arithmetic is modulo 2^32."""
    x = x ^ (x * np.uint32(0x3D20ADEA))
    x = (x + key) * ((key >> np.uint32(16)) | np.uint32(1))
    x = x ^ (x * np.uint32(0x05526C56))
    return x ^ (x * np.uint32(0x53A22864))


_REVERSED_BYTE = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], dtype=np.uint8)


def _fractions(reversed_digits: Bits) -> list[float]:
    """Reversing the bits of each byte and then the order of the bytes reverses all."""
    as_bytes: Any = reversed_digits.astype("<u4").view(np.uint8)
    digits = _REVERSED_BYTE[as_bytes].view(">u4")
    fractions: list[float] = (digits * 2.0**-BITS).tolist()
    return fractions
