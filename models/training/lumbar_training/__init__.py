"""Recipe that trains, calibrates and packages the classifiers of lumbar-node.

Runs with torch 1.13 (Debian's packages) and newer, on CPU or CUDA. Nothing in
here is needed to run a model: serving is the node's business.
"""

import os

# onnxruntime for Python reports to its maker as well, unless this stands here before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
