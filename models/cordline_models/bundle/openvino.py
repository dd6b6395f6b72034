"""A bundle on OpenVINO, in the precision that is asked for: how good the answers of `precision = "fast"` are.

Its plug-in for ONNX Runtime comes with PyPI's onnxruntime-ep-openvino; the folder that holds the library is enough.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import onnxruntime

LIBRARY = "libonnxruntime_providers_openvino_plugin.so"
PROVIDER = "OpenVINOExecutionProvider"


@dataclass(frozen=True)
class OpenVino:
    """The plug-in in `folder`; precision: f32, bf16, or f16, which takes the graphs in half."""

    folder: Path
    precision: str

    def open(self, folder: Path, network: str, threads: int) -> onnxruntime.InferenceSession:
        """The session of one network of the bundle in `folder`."""
        end = ".fp16.onnx" if self.precision == "f16" else ".onnx"
        options = onnxruntime.SessionOptions()
        # Every node on the provider or an error: what ran on the processor in single precision would flatter it.
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        hints = {
            "INFERENCE_PRECISION_HINT": self.precision,
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(threads),
        }
        options.add_provider_for_devices(self.processors(), {"load_config": json.dumps({"CPU": hints})})
        return onnxruntime.InferenceSession(str(folder / f"{network}{end}"), options)

    def processors(self) -> list[onnxruntime.OrtEpDevice]:
        """The processor as OpenVINO offers it; a list that is empty would run on ONNX Runtime's own without a word."""
        offered = self.devices()
        if not offered:
            path = (self.folder / LIBRARY).resolve()
            if not path.is_file():
                raise FileNotFoundError(f"{path} is missing: --openvino takes the folder that holds it")
            onnxruntime.register_execution_provider_library("openvino", str(path))
            offered = self.devices()
        if not offered:
            raise RuntimeError(f"{LIBRARY} offers no processor")
        return offered

    @staticmethod
    def devices() -> list[onnxruntime.OrtEpDevice]:
        kind = onnxruntime.OrtHardwareDeviceType.CPU
        return [d for d in onnxruntime.get_ep_devices() if d.ep_name == PROVIDER and d.device.type == kind]
