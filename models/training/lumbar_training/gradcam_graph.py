"""Grad-CAM at stride 16 as a graph: the backward pass written next to the forward.

onnxruntime-node has no autograd, so the gradient of the chosen class's score
with respect to the last stride-16 map is part of the graph. ``class_weight``
(1, 3) chooses the class (one-hot). Selvaraju et al., Grad-CAM, ICCV 2017:
alpha_c = mean_ij dy/dA_cij, map = ReLU(sum_c alpha_c A_c).
"""
import numpy as np
import onnx

from .forward_graph import Value, write_forward
from .networks import LumbarNetwork
from .onnx_graph import GraphWriter

STRIDE16_FILE = "model-stride16.onnx"


def without_shared_weights(second: onnx.ModelProto, first: onnx.ModelProto) -> onnx.ModelProto:
    """``second`` less every weight that ``first`` holds too, under the name it has there.

    Two copies of EfficientNetV2-M would double the package. The node joins the
    two at load (src/pipeline/shared-weights.ts): appending serialised messages
    of one type merges them, so the weights need no third format.
    """
    theirs = {_content(tensor): tensor.name for tensor in first.graph.initializer}
    result = onnx.ModelProto()
    result.CopyFrom(second)
    del result.graph.initializer[:]
    names = {}
    for tensor in second.graph.initializer:
        shared = theirs.get(_content(tensor))
        # A name of its own must not be one of the first file's, which the node would take by name.
        names[tensor.name] = shared or f"second_{tensor.name}"
        if shared is None:
            own = result.graph.initializer.add()
            own.CopyFrom(tensor)
            own.name = names[tensor.name]
    for node in result.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    return result


def _content(tensor: onnx.TensorProto) -> tuple:
    return tensor.data_type, tuple(tensor.dims), tensor.raw_data


def backward(writer: GraphWriter, output: Value, gradient: str, target: Value) -> str:
    """Name of the gradient with respect to ``target``, given that of ``output``."""
    order, seen = [], set()

    def visit(value: Value) -> bool:
        """Depth first; keeps only values on a path to the target."""
        if value is target:
            return True
        if id(value) in seen:
            return value in order
        seen.add(id(value))
        if any([visit(parent) for parent, _ in value.parents]):
            order.append(value)
            return True
        return False

    if not visit(output):
        raise ValueError("the target does not influence the output")
    wanted = {id(v) for v in order} | {id(target)}
    gradients = {id(output): gradient}
    for value in reversed(order):
        for parent, vjp in value.parents:
            if id(parent) not in wanted:
                continue
            piece = vjp(gradients[id(value)])
            known = gradients.get(id(parent))
            gradients[id(parent)] = writer.op("Add", known, piece) if known else piece
    return gradients[id(target)]


def build_stride16_graph(model: LumbarNetwork, size: int, int8: bool):
    """image (N,1,S,S), class_weight (1,3) -> gradcam (N,1,S/16,S/16), logits (N,3)."""
    model.eval()
    w = GraphWriter(int8)
    forward = write_forward(w, model)
    weight = model.classifier.weight.detach().numpy()
    bias = model.classifier.bias.detach().numpy()
    pooled = w.op("Flatten", w.op("GlobalAveragePool", forward.last.name), axis=1)
    fc = w.constant(weight, "fc_w")
    w.rename(w.op("Gemm", pooled, fc, w.constant(bias, "fc_b"), transB=1), "logits")
    # dy/dA of the mean over h*w cells is W_k / (h*w) in every cell.
    cells = (size // 32) ** 2
    row = w.op("Div", w.op("MatMul", "class_weight", fc), w.constant(float(cells)))
    shaped = w.op("Reshape", row, w.constant(np.array([1, model.plan.head, 1, 1], np.int64)))
    seed = w.op("Expand", shaped, w.op("Shape", forward.last.name))
    gradient = backward(w, forward.last, seed, forward.stride16)
    alpha = w.op("GlobalAveragePool", gradient)
    weighted = w.op("Mul", alpha, forward.stride16.name)
    summed = w.op("ReduceSum", weighted, w.constant(np.array([1], np.int64)), keepdims=1)
    w.rename(w.op("Relu", summed), "gradcam")
    inputs = [("image", ["N", 1, size, size]), ("class_weight", [1, 3])]
    outputs = [("gradcam", ["N", 1, size // 16, size // 16]), ("logits", ["N", 3])]
    return w.model(f"lumbar-{model.name}-stride16", inputs, outputs)
