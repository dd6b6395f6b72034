"""Lesions of a mask: voxels that touch at a face, an edge or a corner, as the daemon counts them."""

from __future__ import annotations

import numpy as np

# Half of the 26 neighbours; the other half are the same pairs seen from the other side.
_NEIGHBOURS = [
    (s, r, c)
    for s in (0, 1)
    for r in (-1, 0, 1)
    for c in (-1, 0, 1)
    if (s, r, c) > (0, 0, 0)
]  # fmt: skip


def components(mask: np.ndarray) -> list[np.ndarray]:
    """The components of a mask (section, row, column), largest first: for each the indices of its voxels, (n, 3).

    Works on the voxels of the mask alone, so that a small lesion in a large volume takes a millisecond: labels flow to
    the smallest of their neighbours, and pointers are followed to their end (Shiloach and Vishkin, J Algorithms 1982).
    """
    mask = np.asarray(mask).astype(bool, copy=False)
    # Most sections have no lesion, and to see that is quicker than to look for voxels in them.
    sections = np.flatnonzero(mask.any(axis=(1, 2)))
    if not len(sections):
        return []
    places = np.argwhere(mask[sections])
    places[:, 0] = sections[places[:, 0]]
    # Who is where, in a box with one voxel of margin: a step over an edge must not come in on the other side.
    low = places.min(axis=0) - 1
    sizes = places.max(axis=0) - low + 2
    keys = np.ravel_multi_index(tuple((places - low).T), tuple(sizes))
    who = np.full(int(np.prod(sizes)), -1)
    who[keys] = np.arange(len(keys))
    pairs = []
    for step in _NEIGHBOURS:
        near = who[keys + (step[0] * sizes[1] + step[1]) * sizes[2] + step[2]]
        here = np.flatnonzero(near >= 0)
        pairs.append(np.stack([here, near[here]]))
    first, second = np.concatenate(pairs, axis=1)
    labels = np.arange(len(keys))
    while True:
        low = np.minimum(labels[first], labels[second])
        hooked = labels.copy()
        np.minimum.at(hooked, labels[first], low)
        np.minimum.at(hooked, labels[second], low)
        while not np.array_equal(hooked, hooked[hooked]):
            hooked = hooked[hooked]
        hooked = hooked[labels]
        if np.array_equal(hooked, labels):
            break
        labels = hooked
    _, label, count = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.argsort(-count, kind="stable")
    return [places[label == each] for each in order]
