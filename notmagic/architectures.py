"""Networks of the course as plain data, layer by layer, and what each layer counts to.

`ARCHITECTURES` says what the networks are made of; `layer_table` walks through one and gives for each layer
the shapes of its input and output, its parameters and its multiplications, all computed by
`notmagic.geometry`. Nothing here trains or predicts: the chapters build the same networks in Keras, and tests
compare the two.

Activations, dropout, response normalisation and batch normalisation are not listed. The first three have
no parameters; batch normalisation has four for each channel, two of them learned. Convolutions that it
follows have no bias, for it adds one of its own.

References
----------
- ``lenet5``: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, *Gradient-based learning applied to document
  recognition*, Proceedings of the IEEE, 1998, section II.B, in the form in which it is taught today: an
  input of 28 x 28 padded by 2, every filter over all channels, poolings without weights, dense layers to
  the end. The original let each filter of its second convolution see some of the channels only, and its
  poolings were trained.
- ``alexnet_grouped``: A. Krizhevsky, I. Sutskever and G. Hinton, *ImageNet classification with deep
  convolutional neural networks*, NIPS 2012, section 3.5, with the input of 227 x 227 that its first map of
  55 x 55 needs. ``alexnet`` is the same with every filter over all channels.
- ``vgg16``: K. Simonyan and A. Zisserman, *Very deep convolutional networks for large-scale image
  recognition*, ICLR 2015, table 1, column D.
- ``inception_direct``, ``inception_bottleneck``: the 5 x 5 path of module 3a in C. Szegedy et al., *Going
  deeper with convolutions*, CVPR 2015, table 1, without and with the 1 x 1 convolution before it.
- ``residual_block``, ``residual_block_projection``: K. He, X. Zhang, S. Ren and J. Sun, *Deep residual
  learning for image recognition*, CVPR 2016, table 1, the 18-layer network: a block of conv2_x and the
  first of conv3_x. ``residual_bottleneck`` is a later block of conv2_x in its 50-layer network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from notmagic import geometry

__all__ = ["ARCHITECTURES", "Architecture", "Layer", "LayerCount", "count_layers", "layer_table"]

Shape = tuple[int, ...]
INPUT = "input"  # what a layer takes that starts again from the network's input


class Layer(NamedTuple):
    """One layer as a paper would list it.

    Attributes
    ----------
    name : str
        As in the paper or in Keras's summary.
    kind : str
        "conv", "pool", "flatten", "dense" or "add".
    kernel : int
        Rows and columns of the filter or of the pooling window; 0 where there is none.
    filters : int
        Filters of a convolution or units of a dense layer; 0 otherwise.
    stride : int
        Pixels from one window to the next.
    padding : int
        Pixels added on each side.
    groups : int
        Into how many groups a convolution's channels and filters are divided.
    bias : bool
        Whether each filter or unit has a bias.
    takes : tuple of str
        Names of the layers whose output comes in, "input" for the network's input. Empty: the layer before.
    """

    name: str
    kind: str
    kernel: int = 0
    filters: int = 0
    stride: int = 1
    padding: int = 0
    groups: int = 1
    bias: bool = True
    takes: tuple[str, ...] = ()


class Architecture(NamedTuple):
    """A network: what people call it, the shape (height, width, channels) of its input, and its layers."""

    title: str
    input_shape: Shape
    layers: tuple[Layer, ...]


class LayerCount(NamedTuple):
    """One line of a network's table: the layer, the shapes around it and what it counts to.

    Attributes
    ----------
    name, kind, kernel, filters, stride, padding, groups, bias
        As in `Layer`.
    input_shape, output_shape : tuple of int
        (height, width, channels), or (numbers,) for a dense layer; without the batch axis.
    parameters : int
        Weights and biases.
    multiplications : int
        For one image. Poolings and additions take none.
    """

    name: str
    kind: str
    kernel: int
    filters: int
    stride: int
    padding: int
    groups: int
    bias: bool
    input_shape: Shape
    output_shape: Shape
    parameters: int
    multiplications: int


def _conv(name: str, kernel: int, filters: int, *, stride: int = 1, padding: int = 0, groups: int = 1,
          bias: bool = True, takes: tuple[str, ...] = ()) -> Layer:  # fmt: skip
    return Layer(name, "conv", kernel, filters, stride, padding, groups, bias, takes)


def _pool(name: str, kernel: int, stride: int) -> Layer:
    return Layer(name, "pool", kernel, stride=stride)


def _dense(name: str, units: int) -> Layer:
    return Layer(name, "dense", filters=units)


def _alexnet(groups: int) -> tuple[Layer, ...]:
    """Return AlexNet's layers; the second, fourth and fifth convolution are divided into groups."""
    return (
        _conv("conv1", 11, 96, stride=4),
        _pool("pool1", 3, 2),
        _conv("conv2", 5, 256, padding=2, groups=groups),
        _pool("pool2", 3, 2),
        _conv("conv3", 3, 384, padding=1),
        _conv("conv4", 3, 384, padding=1, groups=groups),
        _conv("conv5", 3, 256, padding=1, groups=groups),
        _pool("pool5", 3, 2),
        Layer("flatten", "flatten"),
        _dense("fc6", 4096),
        _dense("fc7", 4096),
        _dense("fc8", 1000),
    )


def _vgg16() -> tuple[Layer, ...]:
    """Return VGG-16's layers: five stages of 3 x 3 convolutions, each ended by a pooling."""
    layers = []
    for stage, (depth, filters) in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], 1):
        layers += [_conv(f"conv{stage}_{place}", 3, filters, padding=1) for place in range(1, depth + 1)]
        layers.append(_pool(f"pool{stage}", 2, 2))
    dense = (_dense("fc6", 4096), _dense("fc7", 4096), _dense("fc8", 1000))
    return (*layers, Layer("flatten", "flatten"), *dense)


#: Networks and parts of networks by name.
ARCHITECTURES: dict[str, Architecture] = {
    "lenet5": Architecture(
        "LeNet-5",
        (28, 28, 1),
        (
            _conv("conv1", 5, 6, padding=2),
            _pool("pool1", 2, 2),
            _conv("conv2", 5, 16),
            _pool("pool2", 2, 2),
            Layer("flatten", "flatten"),
            _dense("dense1", 120),
            _dense("dense2", 84),
            _dense("dense3", 10),
        ),
    ),
    "cifar10_chapter11": Architecture(
        "the CIFAR-10 network",
        (32, 32, 3),
        (
            _conv("conv1", 3, 32),
            _pool("pool1", 2, 2),
            _conv("conv2", 3, 64),
            _pool("pool2", 2, 2),
            _conv("conv3", 3, 64),
            Layer("flatten", "flatten"),
            _dense("dense1", 64),
            _dense("dense2", 10),
        ),
    ),
    "alexnet_grouped": Architecture("AlexNet (two groups)", (227, 227, 3), _alexnet(groups=2)),
    "alexnet": Architecture("AlexNet without groups", (227, 227, 3), _alexnet(groups=1)),
    "vgg16": Architecture("VGG-16", (224, 224, 3), _vgg16()),
    "inception_direct": Architecture(
        "an Inception path without its bottleneck",
        (28, 28, 192),
        (_conv("conv5x5", 5, 32, padding=2),),
    ),
    "inception_bottleneck": Architecture(
        "an Inception path with its bottleneck",
        (28, 28, 192),
        (_conv("conv1x1", 1, 16), _conv("conv5x5", 5, 32, padding=2)),
    ),
    "residual_block": Architecture(
        "a residual block",
        (56, 56, 64),
        (
            _conv("conv1", 3, 64, padding=1, bias=False),
            _conv("conv2", 3, 64, padding=1, bias=False),
            Layer("add", "add", takes=("conv2", INPUT)),
        ),
    ),
    "residual_block_projection": Architecture(
        "a residual block with a projection",
        (56, 56, 64),
        (
            _conv("conv1", 3, 128, stride=2, padding=1, bias=False),
            _conv("conv2", 3, 128, padding=1, bias=False),
            _conv("shortcut", 1, 128, stride=2, bias=False, takes=(INPUT,)),
            Layer("add", "add", takes=("conv2", "shortcut")),
        ),
    ),
    "residual_bottleneck": Architecture(
        "a residual block with a bottleneck",
        (56, 56, 256),
        (
            _conv("conv1", 1, 64, bias=False),
            _conv("conv2", 3, 64, padding=1, bias=False),
            _conv("conv3", 1, 256, bias=False),
            Layer("add", "add", takes=("conv3", INPUT)),
        ),
    ),
}


def layer_table(name: str) -> list[LayerCount]:
    """Return shapes, parameters and multiplications of each layer of one of the `ARCHITECTURES`.

    Parameters
    ----------
    name : str
        Such as ``"lenet5"``, ``"alexnet"`` or ``"vgg16"``.

    Returns
    -------
    list of LayerCount
        In the order of the layers.

    Raises
    ------
    ValueError
        If there is no such network; the message lists those that there are.

    Examples
    --------
    >>> rows = layer_table("lenet5")
    >>> rows[0].output_shape, rows[0].parameters, rows[0].multiplications
    ((28, 28, 6), 156, 117600)
    >>> sum(row.parameters for row in rows), sum(row.multiplications for row in rows)
    (61706, 416520)
    """
    if not isinstance(name, str) or name not in ARCHITECTURES:
        known = ", ".join(map(repr, ARCHITECTURES))
        raise ValueError(f"there is no network {name!r}; choose one of {known}")
    network = ARCHITECTURES[name]
    return count_layers(network.input_shape, network.layers)


def count_layers(input_shape: Sequence[int], layers: Sequence[Layer]) -> list[LayerCount]:
    """Return shapes, parameters and multiplications of each layer of a network of your own.

    Parameters
    ----------
    input_shape : (height, width, channels) or (numbers,)
        Shape of one example, without the batch axis.
    layers : sequence of Layer
        From the input on. What a layer takes must come before it.

    Returns
    -------
    list of LayerCount

    Raises
    ------
    TypeError, ValueError
        If a layer is of no known kind, takes what is not there, or does not fit; the message names the layer.

    Examples
    --------
    >>> count_layers((32, 32, 3), [Layer("first", "conv", kernel=3, filters=32)])[0].parameters
    896
    """
    shapes, previous, rows = {INPUT: tuple(input_shape)}, INPUT, []
    for layer in layers:
        unknown = [name for name in layer.takes if name not in shapes]
        if unknown:
            raise ValueError(
                f"layer {layer.name!r} takes {unknown[0]!r}, which no layer before it is called; "
                f"choose among {', '.join(map(repr, shapes))}"
            )
        if layer.name in shapes:
            raise ValueError(f"two layers are called {layer.name!r}; give each a name of its own")
        incoming = [shapes[name] for name in layer.takes or (previous,)]
        try:
            output_shape, parameters, multiplications = _counted(layer, incoming)
        except (TypeError, ValueError) as error:
            raise type(error)(f"layer {layer.name!r}: {error}") from None
        rows.append(LayerCount(*layer[:-1], incoming[0], output_shape, parameters, multiplications))
        shapes[layer.name] = output_shape
        previous = layer.name
    return rows


def _counted(layer: Layer, incoming: list[Shape]) -> tuple[Shape, int, int]:
    """Return output shape, parameters and multiplications of one layer."""
    shape, kernel, filters = incoming[0], layer.kernel, layer.filters
    if layer.kind == "conv":
        output = geometry.conv2d_output_shape(shape, kernel, filters, layer.stride, layer.padding)
        parameters = geometry.conv2d_params(kernel, shape[2], filters, layer.bias, layer.groups)
        return output, parameters, geometry.conv2d_multiplications(
            shape, kernel, filters, layer.stride, layer.padding, layer.groups
        )  # fmt: skip
    if layer.kind == "pool":
        return geometry.pool2d_output_shape(shape, kernel, layer.stride, layer.padding), 0, 0
    if layer.kind == "flatten":
        return (geometry.flatten_size(shape),), 0, 0
    if layer.kind == "dense":
        if len(shape) != 1:
            raise ValueError(f"a dense layer takes a row of numbers, got the shape {shape}; flatten it first")
        parameters = geometry.dense_params(shape[0], filters, layer.bias)
        return (filters,), parameters, geometry.dense_multiplications(shape[0], filters)
    if layer.kind == "add":
        if len(incoming) < 2 or len(set(incoming)) > 1:
            raise ValueError(f"it adds arrays of the shapes {incoming}; give it two or more of one shape")
        return shape, 0, 0
    kinds = "'conv', 'pool', 'flatten', 'dense' or 'add'"
    raise ValueError(f"there is no kind of layer {layer.kind!r}; use {kinds}")
