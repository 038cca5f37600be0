"""A LiteRT model of a few hundred bytes, made without TensorFlow: the mean colour, one dense layer, softmax."""

import flatbuffers
import numpy as np

FLOAT, INTEGER = 0, 2
MEAN, FULLY_CONNECTED, SOFTMAX = 40, 9, 25
"""Numbers of the LiteRT schema: of types, and of operators."""


def tiny_lite(*, num_classes: int = 2, image_size: int = 8, weight: float = 0.01) -> bytes:
    """A model from (1, image_size, image_size, 3) to (1, num_classes); `weight` nan gives answers that are none."""
    from ai_edge_litert import schema_py_generated as schema

    weights = np.outer(np.arange(num_classes), np.ones(3)).astype(np.float32) * np.float32(weight)
    model = schema.ModelT()
    model.version = 3
    model.operatorCodes = [_code(schema, number) for number in (MEAN, FULLY_CONNECTED, SOFTMAX)]
    model.buffers = [
        _buffer(schema, b""),
        _buffer(schema, np.array([1, 2], np.int32).tobytes()),
        _buffer(schema, weights.tobytes()),
    ]
    graph = schema.SubGraphT()
    graph.tensors = [
        _tensor(schema, "picture", [1, image_size, image_size, 3]),
        _tensor(schema, "axes", [2], kind=INTEGER, buffer=1),
        _tensor(schema, "colour", [1, 3]),
        _tensor(schema, "weights", [num_classes, 3], buffer=2),
        _tensor(schema, "scores", [1, num_classes]),
        _tensor(schema, "probabilities", [1, num_classes]),
    ]
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    graph.operators = [
        _operator(schema, 0, [0, 1], [2], schema.BuiltinOptions.ReducerOptions, schema.ReducerOptionsT()),
        _operator(
            schema,
            1,
            [2, 3, -1],
            [4],
            schema.BuiltinOptions.FullyConnectedOptions,
            schema.FullyConnectedOptionsT(),
        ),
        _operator(schema, 2, [4], [5], schema.BuiltinOptions.SoftmaxOptions, softmax),
    ]
    graph.inputs, graph.outputs = [0], [5]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _code(schema, number: int):
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = number
    code.version = 1
    return code


def _buffer(schema, data: bytes):
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(data, np.uint8) if data else None
    return buffer


def _tensor(schema, name: str, shape: list[int], *, kind: int = FLOAT, buffer: int = 0):
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name.encode(), shape, kind, buffer
    return tensor


def _operator(schema, code: int, inputs: list[int], outputs: list[int], kind: int, options):
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, inputs, outputs
    operator.builtinOptionsType, operator.builtinOptions = kind, options
    return operator
