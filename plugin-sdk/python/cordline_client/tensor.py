"""Packing of masks: one bit a voxel, eight to a byte, the first in the lowest bit."""

from __future__ import annotations

from collections.abc import Iterable

try:  # optional, and much faster
    import numpy
except ImportError:
    numpy = None  # type: ignore[assignment]

_BITS = [bytes(byte >> i & 1 for i in range(8)) for byte in range(256)]


def unpack_bits(packed: bytes, count: int) -> bytes:
    """One byte a voxel, 0 or 1; voxels beyond the end of `packed` are 0."""
    if numpy is None:
        voxels = b"".join(_BITS[byte] for byte in packed)[:count]
    else:
        voxels = numpy.unpackbits(numpy.frombuffer(packed, numpy.uint8), bitorder="little")[:count].tobytes()
    return voxels.ljust(count, b"\0")


def pack_bits(mask: Iterable[object]) -> bytes:
    """Packs voxels, of which every true one is set; for example the items of a raveled numpy array of bool."""
    packed = bytearray()
    for i, voxel in enumerate(mask):
        if i % 8 == 0:
            packed.append(0)
        if voxel:
            packed[-1] |= 1 << i % 8
    return bytes(packed)
