"""Where the rungs lie: steps that grow geometrically, so that a long trial is not judged much oftener than a short."""


def multiples(first: int, *, factor: int, up_to: int) -> list[int]:
    """first, first * factor, first * factor^2, …"""
    found = []
    while first <= up_to:
        found.append(first)
        first *= factor
    return found


def by_half(first: int, *, up_to: int) -> list[int]:
    """Each by half larger than the one before, rounded down, and by 1 at least: 1, 2, 3, 4, 6, 9, 13, …"""
    found = []
    while first <= up_to:
        found.append(first)
        first += max(1, first // 2)
    return found
