"""A model's network as two ONNX graphs: lines' images to columns, columns to letters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from ocr.lines.traineddata import Lstm, Model

_OPSET, _IR = 17, 8
_WINDOW = 3
_Constants = dict[str, npt.NDArray[np.generic]]


def columns_graph(model: Model) -> ModelProto:
    """From ``strip``, shape (1, 1, height, 3 n), to ``columns``, shape (n, features).

    Tanh comes after the pooling: it grows with its argument, so the greatest stays the greatest, and there is
    a ninth as much to do.
    """
    kernel = model.convolution.weights.reshape(-1, 1, _WINDOW, _WINDOW).transpose(0, 1, 3, 2)
    constants: _Constants = {
        "kernel": np.ascontiguousarray(kernel),
        "kernel_bias": model.convolution.bias,
        "first": np.array([0], np.int64),
        **_lstm("down", model.down),
    }
    window = [_WINDOW, _WINDOW]
    nodes = [
        helper.make_node("Conv", ["strip", "kernel", "kernel_bias"], ["filtered"], pads=[1, 1, 1, 1]),
        helper.make_node("MaxPool", ["filtered"], ["pooled"], kernel_shape=window, strides=window),
        helper.make_node("Tanh", ["pooled"], ["cells"]),
        helper.make_node("Squeeze", ["cells", "first"], ["planes"]),
        helper.make_node("Transpose", ["planes"], ["steps"], perm=[1, 2, 0]),
        _run("down", model.down, ["steps"], outputs=["", "last"]),
        helper.make_node("Squeeze", ["last", "first"], ["columns"]),
    ]
    return _model(
        nodes, constants, [_float("strip", [1, 1, model.height, None])], _float("columns", [None, None])
    )


def letters_graph(model: Model) -> ModelProto:
    """From ``columns``, shape (longest, lines, features), and ``lengths`` to ``chances``.

    ``chances`` has shape (longest, lines, letters) and sums to 1 in each column; beyond a line's length it
    means nothing.
    """
    constants: _Constants = {
        "direction": np.array([1], np.int64),
        "weights": np.ascontiguousarray(model.output.weights.T),
        "bias": model.output.bias,
    }
    nodes: list[NodeProto] = []
    given = "columns"
    for name, layer in (("forward", model.forward), ("backward", model.backward), ("again", model.again)):
        constants |= _lstm(name, layer)
        direction = "reverse" if name == "backward" else "forward"
        nodes += [
            _run(name, layer, [given], lengths="lengths", outputs=[f"{name}_all"], direction=direction),
            helper.make_node("Squeeze", [f"{name}_all", "direction"], [name]),
        ]
        given = name
    nodes += [
        helper.make_node("MatMul", [given, "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["chances"], axis=2),
    ]
    lengths = helper.make_tensor_value_info("lengths", TensorProto.INT32, [None])
    given_values = [_float("columns", [None, None, model.down.size]), lengths]
    return _model(nodes, constants, given_values, _float("chances", [None, None, None]))


def _lstm(name: str, layer: Lstm) -> _Constants:
    """The layer's constants; ONNX orders the gates input, output, forget, cell, and has a second bias."""
    cell, into, forget, out = layer.gates
    gates = (into, out, forget, cell)
    weights = np.concatenate([gate.weights for gate in gates])
    bias = np.concatenate([gate.bias for gate in gates])
    inputs = weights.shape[1] - layer.size
    return {
        f"{name}_input": np.ascontiguousarray(weights[None, :, :inputs]),
        f"{name}_recurrent": np.ascontiguousarray(weights[None, :, inputs:]),
        f"{name}_bias": np.concatenate([bias, np.zeros_like(bias)])[None],
    }


def _run(
    name: str,
    layer: Lstm,
    given: list[str],
    *,
    outputs: list[str],
    lengths: str = "",
    direction: str = "forward",
) -> NodeProto:
    constants = [f"{name}_input", f"{name}_recurrent", f"{name}_bias"]
    inputs = given + constants + ([lengths] if lengths else [])
    return helper.make_node("LSTM", inputs, outputs, hidden_size=layer.size, direction=direction)


def _float(name: str, shape: Sequence[int | None]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _model(
    nodes: list[NodeProto], constants: _Constants, given: list[ValueInfoProto], result: ValueInfoProto
) -> ModelProto:
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tesseract", given, [result], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
