"""Recipe that trains, calibrates and packages the classifiers of lumbar-node.

Runs with torch 1.13 (Debian's packages) and newer, on CPU or CUDA. Nothing in
here is needed to run a model: serving is the node's business.
"""
