"""Plans of trained networks: what a page, which has no Keras, needs to compute them.

A *plan* is a list of nodes in the order of computing, ready for JSON. Each node has a ``name`` and an ``op``;
each but the first names in ``from`` the nodes whose results it takes. Maps are (height, width, channels).

==============  ================================================================================
``op``          keys
==============  ================================================================================
``input``       ``shape`` (height, width, channels), ``scale``, ``offset``: pixel * scale + offset
``conv``        ``filters``, ``kernel``, ``stride``, ``padding``, ``relu``
``pool``        ``kind`` (``"max"`` or ``"average"``), ``size``, ``stride``, ``padding``
``add``         ``relu``; takes two nodes of one shape
``globalpool``  ``kind``: one number for each channel
``flatten``     rows, then columns, then channels, as Keras
``dense``       ``units``, ``relu``
==============  ================================================================================

Kernels and windows are square; ``padding`` is ``"valid"`` or TensorFlow's ``"same"``. The first node is the
only input; the last gives the logits, a vector. Convolutions and dense layers have a bias.
Batch normalisation is no node: at rest it is a factor and an addend for each channel, which `fold_batch_norm`
puts into the convolution before it when the weights are stored.

The weights of a plan are named ``<node>_kernel`` and ``<node>_bias``, in the plan's order and with Keras's
shapes: (k, k, inputs, filters); (inputs, units). `pack` writes them as little-endian float16, one behind the
other.

The page's side is ``notmagic/widgets/network_core.js``, which refuses the same plans with the same words. All
but `build_keras` needs NumPy only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from notmagic import pretrained
from notmagic.geometry import output_size

__all__ = [
    "build_keras",
    "check_plan",
    "fold_batch_norm",
    "folded_weights",
    "pack",
    "packed_weights",
    "plan",
    "plan_shapes",
    "weight_shapes",
]

_FOLDER = Path(pretrained.__file__).parent
_MISSING = object()


def _is_whole(value: object) -> bool:
    return type(value) is int and value >= 1


def _is_finite(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _is_shape(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 3 and all(map(_is_whole, value))


_WHOLE = ("a whole number of at least 1", _is_whole)
_FINITE = ("a finite number", _is_finite)
_FIELDS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "shape": ("three whole numbers of at least 1: height, width, channels", _is_shape),
    "scale": _FINITE,
    "offset": _FINITE,
    "filters": _WHOLE,
    "kernel": _WHOLE,
    "size": _WHOLE,
    "stride": _WHOLE,
    "units": _WHOLE,
    "padding": ('"valid" or "same"', lambda value: value in ("valid", "same")),
    "kind": ('"max" or "average"', lambda value: value in ("max", "average")),
    "relu": ("true or false", lambda value: isinstance(value, bool)),
}
# For each operation: how many nodes it takes, whether these must be maps or vectors, what else it needs.
_OPERATIONS: dict[str, tuple[int, str | None, tuple[str, ...]]] = {
    "input": (0, None, ("shape", "scale", "offset")),
    "conv": (1, "map", ("filters", "kernel", "stride", "padding", "relu")),
    "pool": (1, "map", ("kind", "size", "stride", "padding")),
    "add": (2, None, ("relu",)),
    "globalpool": (1, "map", ("kind",)),
    "flatten": (1, "map", ()),
    "dense": (1, "vector", ("units", "relu")),
}


# ------------------------------------------------------------------------------------------------- checking


def _quoted(value: object) -> str:
    """Write a value as JavaScript's JSON.stringify does."""
    if value is _MISSING:
        return "missing"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _words(shape: Sequence[int]) -> str:
    return f"a {' x '.join(map(str, shape))} map" if len(shape) == 3 else f"a vector of {shape[0]}"


def check_plan(nodes: Sequence[Mapping[str, Any]]) -> None:
    """Raise a ValueError that says what is wrong if a list of nodes is not a plan."""
    plan_shapes(nodes)


def plan_shapes(nodes: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, ...]]:
    """Return the shape of what each node of a plan gives.

    Parameters
    ----------
    nodes : list of dict
        See the top of this module.

    Returns
    -------
    dict of str to tuple of int
        (height, width, channels) or (length,) for each name, in the plan's order.

    Raises
    ------
    ValueError
        If the list is not a plan: says which node is wrong, and what was expected.
    """
    if not isinstance(nodes, list | tuple) or len(nodes) < 2:
        raise ValueError("a plan is a list of at least two nodes, the input first")
    shapes: dict[str, tuple[int, ...]] = {}
    for position, node in enumerate(nodes):
        name = node.get("name") if isinstance(node, Mapping) else None
        if not isinstance(name, str) or not name:
            raise ValueError(f'node {position} of the plan has no name; give it a "name" of its own')
        if name in shapes:
            _fail(name, "an earlier node has this name; give it one of its own")
        _check_fields(name, node, position)
        for source in node.get("from", ()):
            if source not in shapes:
                _fail(name, f"it takes {_quoted(source)}, and no node before it has that name")
        shapes[name] = _shape_after(name, node, [shapes[source] for source in node.get("from", ())])
    if len(shapes[name]) == 3:
        raise ValueError(
            "the last node of a plan gives the logits, a vector; "
            f"{_quoted(name)} gives {_words(shapes[name])}"
        )
    return shapes


def _fail(name: str, problem: str) -> NoReturn:
    raise ValueError(f"node {_quoted(name)} of the plan: {problem}")


def _check_fields(name: str, node: Mapping[str, Any], position: int) -> None:
    operation = node.get("op", _MISSING)
    if not isinstance(operation, str) or operation not in _OPERATIONS:
        _fail(name, f'its "op" is {_quoted(operation)}; expected one of {", ".join(_OPERATIONS)}')
    if (position == 0) != (operation == "input"):
        _fail(name, "the first node is the input, and no other is")
    taken, _, needed = _OPERATIONS[operation]
    sources = node.get("from", [])
    are_names = isinstance(sources, list | tuple) and all(isinstance(source, str) for source in sources)
    if not are_names or len(sources) != taken:
        _fail(name, f'its "from" must be a list of names, {taken} for {operation}')
    for key in needed:
        expected, is_right = _FIELDS[key]
        if not is_right(node.get(key, _MISSING)):
            _fail(name, f'its "{key}" is {_quoted(node.get(key, _MISSING))}; expected {expected}')


def _shape_after(name: str, node: Mapping[str, Any], inputs: list[tuple[int, ...]]) -> tuple[int, ...]:
    operation, sources = node["op"], [_quoted(source) for source in node.get("from", ())]
    if operation == "input":
        return tuple(node["shape"])
    wanted, first = _OPERATIONS[operation][1], inputs[0]
    if wanted == "map" and len(first) != 3:
        _fail(name, f"it takes a map, and {sources[0]} gives {_words(first)}")
    if wanted == "vector" and len(first) == 3:
        _fail(
            name,
            f"it takes a vector, and {sources[0]} gives {_words(first)}; "
            "put a flatten or globalpool node between",
        )
    if operation == "add":
        if inputs[0] != inputs[1]:
            _fail(
                name,
                f"it adds numbers place by place, and {sources[0]} gives {_words(inputs[0])}, "
                f"{sources[1]} {_words(inputs[1])}",
            )
        return first
    if operation == "dense":
        return (node["units"],)
    if operation == "flatten":
        return (math.prod(first),)
    if operation == "globalpool":
        return (first[2],)
    return _window_shape(name, node, first)


def _window_shape(name: str, node: Mapping[str, Any], source: tuple[int, ...]) -> tuple[int, int, int]:
    height, width, channels = source
    side = node["size"] if node["op"] == "pool" else node["kernel"]
    if node["padding"] == "valid" and side > min(height, width):
        _fail(
            name,
            f'a {side} x {side} window does not fit {_words(source)}; padding "same" or '
            f"a window of at most {min(height, width)} would",
        )
    rows, columns = (output_size(length, side, node["stride"], node["padding"]) for length in (height, width))
    return (rows, columns, node["filters"] if node["op"] == "conv" else channels)


# -------------------------------------------------------------------------------------------------- weights


def weight_shapes(nodes: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a plan's weights, ``<node>_kernel`` and ``<node>_bias``, in its order.

    Parameters
    ----------
    nodes : list of dict
        A plan.

    Returns
    -------
    dict of str to tuple of int

    Raises
    ------
    ValueError
        As `plan_shapes`.
    """
    shapes, result = plan_shapes(nodes), {}
    for node in nodes:
        kernel = _kernel_shape(node, shapes)
        if kernel:
            result[f"{node['name']}_kernel"] = kernel
            result[f"{node['name']}_bias"] = kernel[-1:]
    return result


def _kernel_shape(node: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...] | None:
    if node["op"] not in ("conv", "dense"):
        return None
    depth = shapes[node["from"][0]][-1]
    if node["op"] == "dense":
        return (depth, node["units"])
    return (node["kernel"], node["kernel"], depth, node["filters"])


def pack(nodes: Sequence[Mapping[str, Any]], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Write a plan's weights as one string of bytes for the page.

    Parameters
    ----------
    nodes : list of dict
        A plan.
    arrays : dict of str to array_like
        As `folded_weights` returns them; other names are left out.

    Returns
    -------
    bytes
        Little-endian float16, kernel then bias of each node in the plan's order, each in C order.

    Raises
    ------
    ValueError
        If weights are missing, have another shape, are not finite, or are too large for float16 (65,504).
    """
    return b"".join(array.astype("<f2").tobytes() for array in _fitting(nodes, arrays).values())


def _fitting(nodes: Sequence[Mapping[str, Any]], arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights of a plan as float32 arrays in its order, each checked."""
    result = {}
    for name, shape in weight_shapes(nodes).items():
        if name not in arrays:
            raise ValueError(
                f"the weights hold no {name!r}, which the plan needs; they hold: {', '.join(arrays)}"
            )
        array = np.asarray(arrays[name], np.float32)
        if array.shape != shape:
            raise ValueError(
                f"{name!r} has shape {array.shape}, and the plan expects {shape}; "
                "the weights and the plan must be of one network"
            )
        largest = np.abs(array).max()
        if not largest <= np.finfo(np.float16).max:
            raise ValueError(
                f"{name!r} holds {largest:g}, and float16 ends at {np.finfo(np.float16).max:,.0f}; "
                "train again with a smaller learning rate or weight decay"
            )
        result[name] = array
    return result


def fold_batch_norm(
    kernel: np.ndarray,
    bias: np.ndarray | None,
    gamma: np.ndarray | None,
    beta: np.ndarray | None,
    mean: np.ndarray,
    variance: np.ndarray,
    epsilon: float = 1e-3,
) -> tuple[np.ndarray, np.ndarray]:
    """Put the batch normalisation behind a layer into the layer's own weights.

    At rest it makes ``gamma * (z - mean) / sqrt(variance + epsilon) + beta`` of ``z = x * kernel + bias``. So
    does a layer with the kernel ``kernel * f`` and the bias ``beta + (bias - mean) * f``, where
    ``f = gamma / sqrt(variance + epsilon)`` for each channel.

    Parameters
    ----------
    kernel : array_like
        (k, k, inputs, C) or (inputs, C).
    bias : array_like or None
        (C,); none is a bias of 0.
    gamma, beta : array_like or None
        (C,); none is 1, or 0, as in Keras with ``scale=False`` or ``center=False``.
    mean, variance : array_like
        (C,), the moving ones.
    epsilon : float
        Keras's is 0.001 unless set.

    Returns
    -------
    kernel, bias : numpy.ndarray
        float32; the kernel has its old shape.

    Raises
    ------
    ValueError
        If the arrays are not of one number of channels, or ``variance + epsilon`` is not positive.

    References
    ----------
    S. Ioffe and C. Szegedy, *Batch Normalization*, 2015, section 3.1: at inference it is a linear transform.
    """
    kernel, mean, variance = (np.asarray(array, np.float64) for array in (kernel, mean, variance))
    rest = {"bias": bias, "gamma": gamma, "beta": beta, "mean": mean, "variance": variance}
    for name, array in rest.items():
        if array is not None and np.shape(array) != kernel.shape[-1:]:
            raise ValueError(
                f"{name} has shape {np.shape(array)}, and a kernel of shape {kernel.shape} has "
                f"{kernel.shape[-1]} channels; give one number for each"
            )
    if not (variance + epsilon > 0).all():
        raise ValueError("variance + epsilon must be positive; give the moving variance, not its logarithm")
    factor = (1.0 if gamma is None else np.asarray(gamma, np.float64)) / np.sqrt(variance + epsilon)
    before = 0.0 if bias is None else np.asarray(bias, np.float64)
    after = 0.0 if beta is None else np.asarray(beta, np.float64)
    return (kernel * factor).astype(np.float32), (after + (before - mean) * factor).astype(np.float32)


# ------------------------------------------------------------------------------------------- stored networks


def plan(name: str = "cifar10_chapter11", folder: Path = _FOLDER) -> list[dict[str, Any]]:
    """Return the plan of a trained network.

    It is the one under ``"plan"`` in the network's JSON file. A network without one, as chapter 11's, is a
    chain that the shapes of its weights tell: convolutions without padding, 2 x 2 maximum pooling behind each
    but the last, then dense layers; a ReLU behind all but the logits; pixels divided by 255.

    Parameters
    ----------
    name : str
        The network.
    folder : Path
        Where its files are; the package's own folder unless told otherwise.

    Returns
    -------
    list of dict

    Raises
    ------
    ValueError
        If there is no such network, its plan is wrong, or its weights are not such a chain.

    Examples
    --------
    >>> [node["name"] for node in plan("cifar10_chapter11")]
    ['input', 'conv1', 'pool1', 'conv2', 'pool2', 'conv3', 'flatten', 'dense1', 'logits']
    """
    stored = pretrained.history(name, folder).get("plan")
    if stored is not None:
        check_plan(stored)
        return stored
    arrays = pretrained.weights(name, folder)
    nodes = _chain({key: array.shape for key, array in arrays.items()})
    try:
        expected = weight_shapes(nodes)
    except ValueError as error:
        raise ValueError(f"{name} is no chain of layers ({error}); store its plan in {name}.json") from error
    if expected != {key: array.shape for key, array in arrays.items()}:
        raise ValueError(f"the weights of {name} are not those of a chain; store its plan in {name}.json")
    return nodes


def _chain(shapes: Mapping[str, tuple[int, ...]]) -> list[dict[str, Any]]:
    """Return the chain of layers whose weights have these names and shapes."""
    kernels = {key.removesuffix("_kernel"): shape for key, shape in shapes.items() if key.endswith("_kernel")}
    nodes: list[dict[str, Any]] = [
        {"name": "input", "op": "input", "shape": [32, 32, 3], "scale": 1 / 255, "offset": 0}
    ]

    def append(name: str, op: str, **more: object) -> None:
        nodes.append({"name": name, "op": op, "from": [nodes[-1]["name"]], **more})

    convolutions = [name for name, shape in kernels.items() if len(shape) == 4]
    for number, (name, shape) in enumerate(kernels.items(), 1):
        if len(shape) == 4:
            append(name, "conv", filters=shape[-1], kernel=shape[0], stride=1, padding="valid", relu=True)
            if name != convolutions[-1]:
                append(f"pool{number}", "pool", kind="max", size=2, stride=2, padding="valid")
            else:
                append("flatten", "flatten")
        else:
            append(name, "dense", units=shape[-1], relu=number < len(kernels))
    return nodes


def folded_weights(name: str = "cifar10_chapter11", folder: Path = _FOLDER) -> dict[str, np.ndarray]:
    """Return the weights of a trained network's plan: as they are stored, batch normalisation folded in.

    Parameters
    ----------
    name, folder
        As in `plan`.

    Returns
    -------
    dict of str to numpy.ndarray
        float32 arrays ``<node>_kernel`` and ``<node>_bias`` in the plan's order (see `weight_shapes`).

    Raises
    ------
    ValueError
        If there is no such network, its files are damaged, or weights and plan do not belong together.
    """
    return _fitting(plan(name, folder), pretrained.weights(name, folder))


def packed_weights(name: str = "cifar10_chapter11", folder: Path = _FOLDER) -> bytes:
    """Return a trained network's weights for the page: `pack` of `folded_weights`, two bytes a parameter.

    Parameters
    ----------
    name, folder
        As in `plan`.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        As `folded_weights` and `pack`.
    """
    return pack(plan(name, folder), folded_weights(name, folder))


# ---------------------------------------------------------------------------------------------------- Keras


def build_keras(nodes: Sequence[Mapping[str, Any]], arrays: Mapping[str, np.ndarray] | None = None):
    """Build a plan as a Keras model.

    Parameters
    ----------
    nodes : list of dict
        A plan.
    arrays : dict of str to array_like, optional
        Its weights, as `folded_weights` returns them; random ones unless given.

    Returns
    -------
    keras.Model
        Takes pictures (N, height, width, channels) with pixels from 0 to 255 and gives logits (N, classes).
        Each node's layer has the node's name, so ``model.get_layer("conv1").output`` is what the node gives.

    Raises
    ------
    ValueError
        If this is no plan, or the weights are not its own.
    """
    import keras

    check_plan(nodes)
    pixels = keras.Input(tuple(nodes[0]["shape"]), name="pixels")
    results = {nodes[0]["name"]: pixels}
    for node in nodes:
        sources = [results[source] for source in node.get("from", ())] or [pixels]
        results[node["name"]] = apply_node(node, sources)
    model = keras.Model(pixels, results[nodes[-1]["name"]])
    if arrays is not None:
        for name, array in _fitting(nodes, arrays).items():
            layer, _, kind = name.rpartition("_")
            variable = getattr(model.get_layer(layer), kind)
            variable.assign(array.reshape(variable.shape))
    return model


def apply_node(node: Mapping[str, Any], sources: list):
    """Apply a node, as Keras layers of which the last has its name, to its inputs."""
    from keras import layers

    name, activation = node["name"], "relu" if node.get("relu") else None
    window = {"strides": node.get("stride"), "padding": node.get("padding"), "name": name}
    match node["op"]:
        case "input":
            layer = layers.Rescaling(node["scale"], node["offset"], name=name)
        case "conv":
            layer = layers.Conv2D(node["filters"], node["kernel"], activation=activation, **window)
        case "pool":
            kind = layers.MaxPooling2D if node["kind"] == "max" else layers.AveragePooling2D
            layer = kind(node["size"], **window)
        case "globalpool":
            kind = layers.GlobalMaxPooling2D if node["kind"] == "max" else layers.GlobalAveragePooling2D
            layer = kind(name=name)
        case "flatten":
            layer = layers.Flatten(name=name)
        case "dense":
            layer = layers.Dense(node["units"], activation=activation, name=name)
        case "add":
            added = layers.Add(name=f"{name}_sum" if activation else name)(sources)
            return layers.ReLU(name=name)(added) if activation else added
    return layer(sources[0])
