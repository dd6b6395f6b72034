"""Bundles: what the runtime loads, and how good it is.

    preprocessing    volume to sections in 0..1, as the runtime does it
    export           PyTorch networks to ONNX
    half             the same graphs for providers that compute in half
    golden_sections  sections of held-out phantoms on which networks are unsure
    golden           the golden file of these, and how far a provider strays from it
    manifest         bundle.toml
    complete         all of these from the networks of a bundle
    inference        a bundle on a volume, the plain Python counterpart of the runtime
    openvino         the same on OpenVINO, in a precision that is asked for
    evaluate         a bundle on a cohort: table of cases, figures with intervals
    precision        an exact and a fast evaluation side by side
    card             CARD.md

Absent from here: training. Only `export` needs PyTorch; `half` needs onnx.
"""
