"""Writes the network as an ONNX graph, node by node.

No exporter of torch is involved: the file does not change with torch's
version, weights go in as int8 with one scale per output channel where asked,
and the same graph can carry the backward pass (``gradcam_graph``).
Batch normalisation is folded into its convolution beforehand.
"""
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

OPSET = 17
# Smaller tensors (stem, classifier, biases) stay float32: they weigh nothing
# and carry the most sensitive values.
INT8_FROM_ELEMENTS = 4096


def fold(conv: nn.Conv2d, bn: nn.Module):
    """Weight and bias (float64 computed, float32 returned) of conv followed by bn in eval mode.

    A network read back from a file has nothing left to fold: an identity stands there.
    """
    if isinstance(bn, nn.Identity):
        return conv.weight.detach().numpy(), conv.bias.detach().numpy()
    gain = bn.weight.detach().double() / torch.sqrt(bn.running_var.double() + bn.eps)
    weight = conv.weight.detach().double() * gain[:, None, None, None]
    bias = bn.bias.detach().double() - bn.running_mean.double() * gain
    if conv.bias is not None:
        bias = bias + conv.bias.detach().double() * gain
    return weight.float().numpy(), bias.float().numpy()


def quantise(weight: np.ndarray):
    """Symmetric int8 with one scale per output channel (axis 0): (int8 values, float32 scales)."""
    peak = np.abs(weight).reshape(weight.shape[0], -1).max(1)
    scale = np.maximum(peak / 127.0, 1e-12).astype(np.float32)
    values = np.round(weight / scale.reshape((-1,) + (1,) * (weight.ndim - 1)))
    return np.clip(values, -127, 127).astype(np.int8), scale


class GraphWriter:
    """Collects nodes and initialisers; every ``op`` returns its output's name."""

    def __init__(self, int8: bool):
        self.int8 = int8
        self.nodes = []
        self.initialisers = []
        self.count = 0

    def name(self, hint: str) -> str:
        """A name not used before in this graph."""
        self.count += 1
        return f"{hint}_{self.count}"

    def constant(self, value, hint: str = "c") -> str:
        """A float32 (or int64, if given so) initialiser."""
        array = np.asarray(value)
        if array.dtype != np.int64:
            array = array.astype(np.float32)
        name = self.name(hint)
        self.initialisers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weight(self, value: np.ndarray, hint: str = "w") -> str:
        """A convolution weight: int8 behind DequantizeLinear when large, else float32.

        Depthwise weights stay float32: nine values per scale gain nothing.
        """
        if not self.int8 or value.size < INT8_FROM_ELEMENTS or value.shape[1] == 1:
            return self.constant(value, hint)
        values, scale = quantise(value)
        names = [self.name(hint + suffix) for suffix in ("_q", "_s", "_z")]
        for name, array in zip(names, (values, scale, np.zeros(len(scale), np.int8))):
            self.initialisers.append(numpy_helper.from_array(array, name))
        return self.op("DequantizeLinear", *names, axis=0)

    def op(self, kind: str, *inputs: str, **attributes) -> str:
        """Appends a node with one output."""
        output = self.name(kind.lower())
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def rename(self, name: str, output: str) -> None:
        """Gives a value the name of a graph output."""
        self.nodes.append(helper.make_node("Identity", [name], [output], name=output))

    def model(self, graph_name: str, inputs, outputs) -> onnx.ModelProto:
        """The checked model; inputs and outputs are (name, shape) with 'N' for the batch."""
        values = [
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in group]
            for group in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, graph_name, values[0], values[1], self.initialisers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="lumbar-training")
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model
