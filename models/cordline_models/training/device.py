"""Where and in which precision PyTorch computes."""

from __future__ import annotations

import numpy as np
import torch


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half_precision() -> torch.autocast:
    """bfloat16 where the processor computes in it, which is nearly twice as quick; elsewhere single precision."""
    kind = device().type
    # PyTorch keeps the question about processors to itself, and its older versions cannot answer it.
    on_cpu = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    able = torch.cuda.is_bf16_supported() if kind == "cuda" else on_cpu()
    return torch.autocast(kind, torch.bfloat16, enabled=able)


def set_up(seed: int, threads: int | None) -> None:
    """Seed the first weights of the networks; `threads` of the processor to compute with."""
    torch.manual_seed(seed)
    if threads:
        torch.set_num_threads(threads)


def to_input(array: np.ndarray) -> torch.Tensor:
    """(n, channels, rows, columns) on the device, channels last."""
    return torch.from_numpy(np.ascontiguousarray(array)).to(device(), memory_format=torch.channels_last)
