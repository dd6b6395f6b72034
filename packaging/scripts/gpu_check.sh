#!/usr/bin/env bash
# What this host's GPU makes of the networks of the phantom's bundle; see docs/devices.md, "Measure your GPU".
#   gpu_check.sh [--provider cuda] [--precision fp16] [--batch 8] ...    words go to device/examples/gpu_check
#   BUNDLE=DIR gpu_check.sh                                              the networks of another bundle
source "$(dirname "$0")/common.sh"

CORDLINE_ONNXRUNTIME=$(onnxruntime_library)
export CORDLINE_ONNXRUNTIME
[ -e "$CORDLINE_ONNXRUNTIME" ] || fail "There is no ONNX Runtime at $CORDLINE_ONNXRUNTIME." \
    "Name the GPU build's library: CORDLINE_ONNXRUNTIME=.../onnxruntime/capi make gpu-check"
# Read once, when the driver's libraries are loaded: without it TensorRT computes fp32 as tf32.
export NVIDIA_TF32_OVERRIDE=${NVIDIA_TF32_OVERRIDE:-0}

# The wheels of CUDA and cuDNN, where they lie beside the wheel of ONNX Runtime.
folder=$CORDLINE_ONNXRUNTIME
[ -d "$folder" ] || folder=$(dirname "$folder")
for libraries in "$folder"/../../nvidia/*/lib; do
    if [ -d "$libraries" ]; then LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}; fi
done
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-}

say "Building (release)"
cargo build --release --locked --quiet -p cordline-device --example gpu_check
"$target/release/examples/gpu_check" "${BUNDLE:-models/bundles/spinal-lesion-phantom}" "$@"
