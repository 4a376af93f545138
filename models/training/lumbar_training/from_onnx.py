"""The torch network with the weights of a shipped file.

A package carries no checkpoint. Its graph was written layer by layer in the
network's own order (``forward_graph``), so its convolutions, int8 ones taken
back to float32 as the node does at load, fill the folded network one by one.
"""
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from .networks import ARCHITECTURES, LumbarNetwork
from .quantised import folded


def read_network(path) -> LumbarNetwork:
    """The network of a ``model.onnx`` that ``build_classifier_graph`` wrote, in eval mode, normalisations folded."""
    graph = onnx.load(str(path), load_external_data=False).graph
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            quantised, scale = values[node.input[0]], values[node.input[1]]
            values[node.output[0]] = quantised.astype(np.float32) * scale.reshape((-1,) + (1,) * (quantised.ndim - 1))
    kernels = [[values[name] for name in node.input[1:]] for node in graph.node if node.op_type == "Conv"]
    classifier = [[values[name] for name in node.input[1:]] for node in graph.node if node.op_type == "Gemm"]
    if len(classifier) != 1:
        raise ValueError(f"{Path(path).name} has {len(classifier)} linear layers, expected one")
    weight, bias = classifier[0]
    names = [name for name, plan in ARCHITECTURES.items() if plan.head == weight.shape[1]]
    if len(names) != 1:
        raise ValueError(f"no network of this recipe has a head of {weight.shape[1]}")
    model = folded(LumbarNetwork(names[0]))
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    # The last one of the graph is the class map, which is the classifier's weight.
    _fill(convolutions, kernels[:-1], Path(path).name)
    model.classifier.weight.data = torch.from_numpy(weight.copy())
    model.classifier.bias.data = torch.from_numpy(bias.copy())
    return model.eval()


def _fill(convolutions, kernels, name: str) -> None:
    if len(convolutions) != len(kernels):
        raise ValueError(f"{name} has {len(kernels)} convolutions, the network {len(convolutions)}")
    for position, (conv, (weight, bias)) in enumerate(zip(convolutions, kernels)):
        if position == 0:
            # The graph holds the stem's kernels summed over three equal channels; one channel carries the sum exactly.
            weight = np.concatenate([weight, np.zeros_like(weight), np.zeros_like(weight)], axis=1)
        if tuple(conv.weight.shape) != weight.shape:
            raise ValueError(f"{name}: convolution {position} is {weight.shape}, the network's {tuple(conv.weight.shape)}")
        conv.weight.data = torch.from_numpy(np.array(weight))
        conv.bias.data = torch.from_numpy(np.array(bias))
