"""Bundles: what the runtime loads, and how good it is.

    preprocessing  volume to sections in 0..1, as the runtime does it
    export         PyTorch networks to ONNX
    manifest       bundle.toml and the golden file
    inference      a bundle on a volume, the plain Python counterpart of the runtime
    evaluate       a bundle on a cohort: table of cases, figures with intervals
    card           CARD.md

Absent from here: training. Only `export` needs PyTorch.
"""
