"""Connected components of a mask (26-neighbourhood), as the daemon counts lesions."""

from __future__ import annotations

import numpy as np

# Half of the 26 neighbours: each pair is seen once.
_NEIGHBOURS = [
    (s, r, c)
    for s in (0, 1)
    for r in (-1, 0, 1)
    for c in (-1, 0, 1)
    if (s, r, c) > (0, 0, 0)
]  # fmt: skip


def components(mask: np.ndarray) -> list[np.ndarray]:
    """The components of a mask (section, row, column), largest first: for each the indices of its voxels, (n, 3).

    Only voxels of the mask are visited, so a small lesion in a large volume takes a millisecond. Labels propagate by
    hooking and pointer jumping (Shiloach and Vishkin, J Algorithms 1982).
    """
    mask = np.asarray(mask).astype(bool, copy=False)
    # Most sections have no lesion: `any` is faster than `argwhere` on them.
    sections = np.flatnonzero(mask.any(axis=(1, 2)))
    if not len(sections):
        return []
    voxels = np.argwhere(mask[sections])
    voxels[:, 0] = sections[voxels[:, 0]]
    # Row of each voxel in `voxels`, in a bounding box with a margin of one: steps must not wrap around its edges.
    low = voxels.min(axis=0) - 1
    sizes = voxels.max(axis=0) - low + 2
    keys = np.ravel_multi_index(tuple((voxels - low).T), tuple(sizes))
    index = np.full(int(np.prod(sizes)), -1)
    index[keys] = np.arange(len(keys))
    pairs = []
    for step in _NEIGHBOURS:
        near = index[keys + (step[0] * sizes[1] + step[1]) * sizes[2] + step[2]]
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
    return [voxels[label == each] for each in order]
