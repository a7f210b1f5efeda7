"""Layers of a convolutional network in NumPy, forward and backward, named and shaped as in Keras.

A layer is used in three steps::

    conv = Conv2D(filters=32, kernel_size=3, seed=0)
    y = conv(x)          # forward: (N, 32, 32, 3) -> (N, 30, 30, 32); the first call makes the weights
    dx = conv.backward(dy)

``dy`` holds the derivative of the loss with respect to each number of ``y`` and has the shape of ``y``.
`backward` returns the same for ``x`` and leaves the derivatives with respect to the weights in
``conv.gradients``, a list in the order of ``conv.weights``.

Arrays of images are (N, H, W, C): pictures, rows, columns, channels. Everything is computed in float32
unless a layer is given another `dtype`.

How it gets its speed without a loop over pixels:

- `Conv2D` lays the patches of several images out as the rows of one matrix (`_patch_matrix`), so that the
  layer is a product of two matrices, which NumPy hands to a BLAS library.
- It takes as many images at a time as fit the processor's cache (`_groups`), and makes the patches anew on
  the way back: copying them again costs less than fetching them from main memory.
- Going back, and in the pooling layers, the loop runs over the few entries of the *window*, each step
  handling that entry's pixel in all windows at once (`_tap`).
- Nothing is computed that nobody asks for: see `with_dx` in `Layer.backward`.

References
----------
K. Chellapilla, S. Puri and P. Simard, *High performance convolutional neural networks for document
processing*, 2006, for the patch matrix ("im2col"); X. Glorot and Y. Bengio, *Understanding the difficulty of
training deep feedforward neural networks*, 2010, for the first weights.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, DTypeLike

from notmagic import geometry
from notmagic.geometry import Padding, Pair

__all__ = [
    "AveragePooling2D",
    "Conv2D",
    "Dense",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "Input",
    "Layer",
    "MaxPooling2D",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
]

Shape = tuple[int | None, ...]
Seed = int | np.random.Generator | None


class Input:
    """The shape of one example, put first in a model so that the model can make its weights at once.

    It is no layer: nothing is computed, and `Sequential.layers` does not list it.

    Parameters
    ----------
    shape : tuple of int
        Without the batch axis: ``(64,)`` for rows of 64 numbers, ``(32, 32, 3)`` for colour images.

    Attributes
    ----------
    shape : tuple
        With the batch axis first, as layers write shapes: ``(None, 64)``.

    Raises
    ------
    TypeError
        If `shape` is no tuple of whole numbers.
    ValueError
        If a size is smaller than 1.

    Examples
    --------
    >>> Input((32, 32, 3)).shape
    (None, 32, 32, 3)
    """

    def __init__(self, shape: Sequence[int]) -> None:
        """Keep the shape after checking it."""
        if not isinstance(shape, (tuple, list)):
            raise TypeError(
                f"shape must be a tuple with one size for each axis of one example, got {shape!r}; write "
                "Input((64,)) for rows of 64 numbers, with the comma"
            )
        self.shape: Shape = (None, *(geometry.whole_number("each size of shape", size) for size in shape))

    def __repr__(self) -> str:
        """Show how the input was made."""
        return f"Input({self.shape[1:]})"


class Layer:
    """What all layers share: building, calling, checking shapes, and keeping weights and gradients.

    A subclass writes `compute_output_shape`, `_forward` and `_input_gradient`, and, if it has weights,
    `_build` and `_weight_gradients`. It can rely on arrays that have the right type and shape.

    Parameters
    ----------
    name : str, optional
        Used in error messages and summaries; by default the class in snake case, such as ``conv2d``.
    dtype : dtype, optional
        Floating-point type of weights and results. The default, float32, is what neural networks commonly
        use; float64 is for checking gradients numerically.

    Attributes
    ----------
    name : str
    dtype : numpy.dtype
    built : bool
        Whether the layer knows the shape of its input and has its weights.
    """

    _weight_names: tuple[str, ...] = ()

    def __init__(self, *, name: str | None = None, dtype: DTypeLike = "float32") -> None:
        """Keep the settings; weights are made by `build`."""
        self.name = name or self.default_name
        self.dtype = np.dtype(dtype)
        if self.dtype.kind != "f":
            raise TypeError(
                f"{self.name} computes with fractions, so dtype must be a floating-point type, got "
                f'{self.dtype}; use "float32" or "float64"'
            )
        self.built = False
        self._gradients: list[np.ndarray] | None = None
        self._output_shape: tuple[int, ...] | None = None

    def __repr__(self) -> str:
        """Show how the layer was made."""
        return f"{type(self).__name__}()"

    # -- to be written by each layer

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Return the shape of the output for an input of the given shape.

        Parameters
        ----------
        input_shape : tuple
            With the batch axis first, which may be None, as in ``(None, 32, 32, 3)``.

        Returns
        -------
        tuple

        Raises
        ------
        ValueError
            If the layer cannot take such an input.
        """
        raise NotImplementedError(f"{type(self).__name__} must define compute_output_shape")

    def _build(self, input_shape: Shape) -> None:
        """Make the weights; layers without any have nothing to do."""

    def _forward(self, x: np.ndarray) -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__} must define _forward")

    def _input_gradient(self, dy: np.ndarray) -> np.ndarray:
        """Return dx, the gradient for the input."""
        raise NotImplementedError(f"{type(self).__name__} must define _input_gradient")

    def _weight_gradients(self, dy: np.ndarray) -> list[np.ndarray]:
        """Return the gradients for the weights, in their order; layers without any have none."""
        return []

    # -- the same for all layers

    @property
    def default_name(self) -> str:
        """The name of a layer that was given none: its class in snake case."""
        return _snake_case(type(self).__name__)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights for inputs of the given shape; the first call of the layer does it by itself.

        Parameters
        ----------
        input_shape : tuple
            With the batch axis first, which may be None, as in ``(None, 32, 32, 3)``.

        Raises
        ------
        ValueError
            If the layer cannot take such an input.
        """
        input_shape = tuple(input_shape)
        self.built = False  # a rebuilt layer must not hold the new shape against its old weights
        self.compute_output_shape(input_shape)
        self._gradients = self._output_shape = None
        self._build(input_shape)
        self.built = True

    def forward(self, x: ArrayLike) -> np.ndarray:
        """Compute the layer's output and remember what `backward` will need.

        Parameters
        ----------
        x : array_like
            A batch; whole numbers, such as the pixels of a picture, are converted to the layer's `dtype`. The
            layer may keep `x` itself, so leave it unchanged until `backward`.

        Returns
        -------
        ndarray
            Of shape ``compute_output_shape(x.shape)`` and of the layer's `dtype`.

        Raises
        ------
        TypeError
            If `x` does not hold real numbers.
        ValueError
            If the layer cannot take an array of the shape of `x`.
        """
        x = self._as_floats("its input", x)
        if not self.built:
            self.build(x.shape)
        self._output_shape = self.compute_output_shape(x.shape)
        self._gradients = None  # those of an earlier batch must not be mistaken for this one's
        return self._forward(x)

    def __call__(self, x: ArrayLike) -> np.ndarray:
        """Do the same as `forward`."""
        return self.forward(x)

    def backward(self, dy: ArrayLike, with_dx: bool = True) -> np.ndarray | None:
        """Pass the gradient back through the layer, for the batch of the latest `forward`.

        Parameters
        ----------
        dy : array_like
            Derivative of the loss with respect to each number of the output; same shape as the output.
        with_dx : bool
            False leaves dx out, where nobody needs it: nothing before the first layer with weights learns,
            and for a convolution dx is half of the work of going back.

        Returns
        -------
        dx : ndarray, or None without `with_dx`
            Derivative of the loss with respect to each number of the input; same shape as the input. The
            derivatives with respect to the weights are in `gradients` afterwards.

        Raises
        ------
        RuntimeError
            If there has been no `forward`.
        ValueError
            If `dy` has not the shape of the output.
        """
        if self._output_shape is None:
            raise RuntimeError(
                f"{self.name} has nothing to go back through: backward needs what forward computes, so call "
                "the layer on a batch first"
            )
        dy = self._as_floats("the gradient of its output", dy)
        if dy.shape != self._output_shape:
            raise ValueError(
                f"{self.name} gave an output of shape {self._output_shape}, so its gradient must have that "
                f"shape too, got {dy.shape}; pass dy for the batch of the latest forward"
            )
        self._gradients = self._weight_gradients(dy)
        return self._input_gradient(dy) if with_dx else None

    @property
    def weights(self) -> list[np.ndarray]:
        """The arrays that the layer learns, not copies: an optimiser changes them in place.

        Empty for a layer that learns nothing, or is not built yet.
        """
        return [getattr(self, name) for name in self._weight_names] if self.built else []

    @property
    def gradients(self) -> list[np.ndarray]:
        """Derivatives of the loss with respect to `weights`, in the same order, from the latest `backward`.

        Raises
        ------
        RuntimeError
            If there has been no `backward` since the latest `forward`.
        """
        if self._gradients is None:
            raise RuntimeError(
                f"{self.name} has no gradients yet; call forward on a batch, then backward, then look here"
            )
        return self._gradients

    def count_params(self) -> int:
        """Return how many numbers the layer learns.

        Raises
        ------
        RuntimeError
            If the layer is not built yet and so may not know.
        """
        self._require_built()
        return sum(weight.size for weight in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of the weights, which later training does not change."""
        self._require_built()
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Copy the given numbers into the weights, for instance from ``keras_layer.get_weights()``.

        Raises
        ------
        RuntimeError
            If the layer is not built yet.
        ValueError
            If the number of arrays or a shape does not match; nothing has been changed then.
        """
        self._require_built()
        arrays = [self._as_floats("a weight array", weight) for weight in weights]
        if len(arrays) != len(self.weights):
            raise ValueError(
                f"{self.name} has {len(self.weights)} weight arrays, got {len(arrays)}; pass as many as "
                "get_weights() returns, in its order"
            )
        for index, (old, new) in enumerate(zip(self.weights, arrays, strict=True)):
            if old.shape != new.shape:
                raise ValueError(
                    f"weight {index} of {self.name} has shape {old.shape}, got an array of shape "
                    f"{new.shape}; pass arrays shaped as those of get_weights()"
                )
        for old, new in zip(self.weights, arrays, strict=True):
            old[...] = new

    def _require_built(self) -> None:
        if not self.built:
            raise RuntimeError(
                f"{self.name} is not built yet, so it has no weights; call it on a batch, or call build with "
                "the shape of its input, such as (None, 32, 32, 3)"
            )

    def _as_floats(self, what: str, values: ArrayLike) -> np.ndarray:
        """Return `values` as an array of the layer's dtype (the array itself if it is one already)."""
        array = np.asarray(values)
        if array.dtype.kind not in "fiub":
            raise TypeError(
                f"{self.name} needs {what} as real numbers, got an array of {array.dtype}; convert it first, "
                "and make sure that all its rows are equally long"
            )
        return array.astype(self.dtype, copy=False)


class Conv2D(Layer):
    """Convolution: each filter slides over the image, and each stop gives one number of its feature map.

    The number is the dot product of the filter with the patch under it, over *all* channels, plus the
    filter's bias. As everywhere in deep learning the filter is not flipped: strictly it is a
    cross-correlation.

    Parameters
    ----------
    filters : int
        Number of filters F, and so of feature maps.
    kernel_size : int or (rows, columns)
    strides : int or (rows, columns)
        Pixels from one window to the next.
    padding : "valid", "same" or int
        Zeros around the image: none, as TensorFlow pads for ``ceil(size / stride)`` outputs, or a number of
        pixels on each side. (Keras knows the words only.)
    use_bias : bool
    seed : int or numpy.random.Generator, optional
        Makes the first weights repeatable.
    name, dtype
        See `Layer`.

    Attributes
    ----------
    kernel : ndarray of shape (rows, columns, C, F)
        At first Glorot-uniform.
    bias : ndarray of shape (F,), or None without bias
        At first zero.

    Notes
    -----
    The layer keeps the latest batch for `backward`, with its padding, but not its patches, which are many
    times as large (9 times for a 3 x 3 filter with stride 1): they are made a few images at a time, on the
    way forward and again on the way back.

    Examples
    --------
    >>> conv = Conv2D(filters=64, kernel_size=3)
    >>> conv(np.zeros((1, 256, 256, 3))).shape, conv.count_params()
    ((1, 254, 254, 64), 1792)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Pair,
        strides: Pair = 1,
        padding: Padding = "valid",
        use_bias: bool = True,
        *,
        seed: Seed = None,
        name: str | None = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        """Keep the settings after checking them."""
        super().__init__(name=name, dtype=dtype)
        self.filters = geometry.whole_number("filters", filters)
        self.kernel_size = geometry.pair("kernel_size", kernel_size)
        self.strides = geometry.pair("strides", strides)
        self.padding = geometry.checked_padding(padding)
        self.use_bias = use_bias
        self._weight_names = ("kernel", "bias") if use_bias else ("kernel",)
        self.seed = seed

    def __repr__(self) -> str:
        """Show how the layer was made."""
        return (
            f"Conv2D({self.filters}, kernel_size={self.kernel_size}, strides={self.strides}, "
            f"padding={self.padding!r}, use_bias={self.use_bias})"
        )

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Return (N, rows, columns, filters) for an input of shape (N, H, W, C)."""
        batch, *image = _image_batch_shape(self.name, input_shape)
        if self.built and image[2] != self.kernel.shape[2]:
            raise ValueError(
                f"{self.name} was built for images with {self.kernel.shape[2]} channels, got {image[2]} in "
                f"the input of shape {tuple(input_shape)}; a filter spans the full depth of its input, so "
                "use images of that depth or a new layer"
            )
        output = geometry.conv2d_output_shape(
            image, self.kernel_size, self.filters, self.strides, self.padding
        )
        return batch, *output

    def _build(self, input_shape: Shape) -> None:
        shape = (*self.kernel_size, input_shape[3], self.filters)
        area = math.prod(self.kernel_size)
        self.kernel = _glorot_uniform(
            shape, area * input_shape[3], area * self.filters, self.seed, self.dtype
        )
        self.bias = np.zeros(self.filters, self.dtype) if self.use_bias else None

    def _forward(self, x: np.ndarray) -> np.ndarray:
        """Multiply the patches with the kernel, a group of images at a time (`_groups`).

        The product is written straight into its place in y, and the bias added while that is in the cache.
        """
        self._input_shape = x.shape
        self._padded = _pad(x, self._pads())
        y = np.empty(self._output_shape, self.dtype)
        for images in self._groups():
            rows = y[images].reshape(-1, self.filters)  # a view: (windows of the group, F)
            np.matmul(self._patches(images), self.kernel.reshape(-1, self.filters), out=rows)
            if self.use_bias:
                rows += self.bias
        return y

    def _weight_gradients(self, dy: np.ndarray) -> list[np.ndarray]:
        # y = patches @ kernel, so each weight has met one column of patches: the transposed product.
        kernel_gradient = np.zeros((self.kernel[..., 0].size, self.filters), self.dtype)
        for images in self._groups():
            kernel_gradient += self._patches(images).T @ dy[images].reshape(-1, self.filters)
        gradients = [kernel_gradient.reshape(self.kernel.shape)]
        if self.use_bias:
            # The bias is added to every row. A product with ones is a column sum done by the BLAS.
            rows = dy.reshape(-1, self.filters)
            gradients.append(np.ones(len(rows), self.dtype) @ rows)
        return gradients

    def _input_gradient(self, dy: np.ndarray) -> np.ndarray:
        """Return dx: every pixel gathers from all windows that it lay in ("col2im").

        Under kernel entry (i, j) lies one pixel of each window. What those pixels get back is ``dy``
        times the entry's weights, summed over the filters: (M, F) @ (F, C) for all M windows of a group of
        images at once. NumPy makes these products for all entries in one call; the loop then adds each to
        its pixels, while the products are still in the cache.
        """
        entries = self.kernel.reshape(-1, *self.kernel.shape[2:]).transpose(0, 2, 1)  # (r * c, F, C)
        dx = np.zeros_like(self._padded)
        for images in self._groups():
            group = dy[images]
            products = np.matmul(group.reshape(-1, self.filters), entries)  # (r * c, M, C)
            products = products.reshape(len(entries), *group.shape[:3], -1)
            for entry, product in zip(_entries(self.kernel_size), products, strict=True):
                _tap(dx[images], entry, self.strides, group.shape)[...] += product
        return _unpad(dx, self._pads())

    def _groups(self) -> Iterator[slice]:
        """Cut the batch into groups of images whose patches fit the cache."""
        windows = math.prod(self._output_shape[1:3])
        return _groups(self._padded, windows * self.kernel[..., 0].nbytes)

    def _patches(self, images: slice) -> np.ndarray:
        """Return the patches of some images of the batch, a row for each: (windows, rows * columns * C)."""
        return _patch_matrix(self._padded[images], self.kernel_size, self.strides)

    def _pads(self) -> _Pads:
        return _image_pads(self._input_shape, self.kernel_size, self.strides, self.padding)


class _Pooling2D(Layer):
    """What the two pooling layers share: a window, its steps, and no weights."""

    def __init__(
        self,
        pool_size: Pair = 2,
        strides: Pair | None = None,
        padding: Padding = "valid",
        *,
        name: str | None = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        """Keep the settings after checking them."""
        super().__init__(name=name, dtype=dtype)
        self.pool_size = geometry.pair("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else geometry.pair("strides", strides)
        self.padding = geometry.checked_padding(padding)

    def __repr__(self) -> str:
        """Show how the layer was made."""
        return (
            f"{type(self).__name__}(pool_size={self.pool_size}, strides={self.strides}, "
            f"padding={self.padding!r})"
        )

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Return (N, rows, columns, C) for an input of shape (N, H, W, C)."""
        batch, *image = _image_batch_shape(self.name, input_shape)
        return batch, *geometry.pool2d_output_shape(image, self.pool_size, self.strides, self.padding)

    def _pads(self, shape: Sequence[int]) -> _Pads:
        return _image_pads(shape, self.pool_size, self.strides, self.padding)


class MaxPooling2D(_Pooling2D):
    """Max-pooling: keep the largest number of each window, in each channel alone.

    Parameters
    ----------
    pool_size : int or (rows, columns)
    strides : int or (rows, columns), optional
        By default `pool_size`: windows side by side.
    padding : "valid", "same" or int
        The padding never wins, not even over negative numbers: it is minus infinity.
    name, dtype
        See `Layer`.

    Notes
    -----
    The gradient goes to the pixel that won. Where several pixels of a window are equally large, it goes to
    the first of them in reading order, as in TensorFlow on a CPU.

    Examples
    --------
    >>> MaxPooling2D(pool_size=2)(np.zeros((1, 256, 256, 64))).shape
    (1, 128, 128, 64)
    """

    def _forward(self, x: np.ndarray) -> np.ndarray:
        """Find the largest number of each window and which entry it is, for a group of images at a time.

        The winners are all that `backward` needs: small whole numbers, one byte for each window as long as
        that has up to 256 entries. Neither the images nor the maxima need be kept.
        """
        self._input_shape = x.shape
        padded = _pad(x, self._pads(x.shape), value=-np.inf)
        largest = np.empty(self._output_shape, self.dtype)
        self._winners = np.empty(largest.shape, np.min_scalar_type(math.prod(self.pool_size) - 1))
        for images in _groups(padded):
            self._find_winners(padded[images], largest[images], self._winners[images])
        return largest

    def _find_winners(self, padded: np.ndarray, largest: np.ndarray, winners: np.ndarray) -> None:
        """Write the largest number of each window, and the number of its entry, into the last two arrays.

        The entries are met in rising order and must be strictly larger, so that the first keeps a tie. A
        winner's number is then larger than any before it in the same window, so that the maximum of both
        sets it. ``winners[wins] = number`` says the same in plainer words, but picks the windows out one by
        one: six times as slow.
        """
        for number, entry in enumerate(_entries(self.pool_size)):
            pixels = _tap(padded, entry, self.strides, largest.shape)
            if number == 0:
                largest[...], winners[...] = pixels, 0
                continue
            wins = pixels > largest
            np.maximum(winners, np.multiply(wins, number, dtype=winners.dtype), out=winners)
            np.maximum(largest, pixels, out=largest)

    def _input_gradient(self, dy: np.ndarray) -> np.ndarray:
        """Give each window's gradient to its winner, for a group of images at a time."""
        pads = self._pads(self._input_shape)
        dx = np.zeros(_padded_shape(self._input_shape, pads), self.dtype)
        overlap = any(f > s for f, s in zip(self.pool_size, self.strides, strict=True))
        for images in _groups(dx):
            for number, entry in enumerate(_entries(self.pool_size)):
                pixels = _tap(dx[images], entry, self.strides, dy.shape)
                share = dy[images] * (self._winners[images] == number)
                if overlap:  # a pixel may win in several windows
                    pixels += share
                else:  # there is nothing yet to add to: writing alone is quicker
                    pixels[...] = share
        return _unpad(dx, pads)


class AveragePooling2D(_Pooling2D):
    """Average-pooling: the mean of each window, in each channel alone.

    Parameters
    ----------
    pool_size : int or (rows, columns)
    strides : int or (rows, columns), optional
        By default `pool_size`: windows side by side.
    padding : "valid", "same" or int
        Padding is left out of the mean: a window that is half on padding averages its other half.
    name, dtype
        See `Layer`.
    """

    def _forward(self, x: np.ndarray) -> np.ndarray:
        self._input_shape = x.shape
        padded = _pad(x, self._pads(x.shape))
        total = np.zeros(self._output_shape, self.dtype)
        for entry in _entries(self.pool_size):
            total += _tap(padded, entry, self.strides, total.shape)
        total /= self._pixels(x.shape)
        return total

    def _input_gradient(self, dy: np.ndarray) -> np.ndarray:
        pads = self._pads(self._input_shape)
        share = dy / self._pixels(self._input_shape)  # every pixel of a window had the same part in its mean
        dx = np.zeros(_padded_shape(self._input_shape, pads), self.dtype)
        for entry in _entries(self.pool_size):
            _tap(dx, entry, self.strides, dy.shape)[...] += share
        return _unpad(dx, pads)

    def _pixels(self, shape: Sequence[int]) -> np.ndarray:
        """Count the pixels of each window that belong to the picture: (rows, columns, 1)."""
        counts = []
        for n, f, s, pads in zip(shape[1:3], self.pool_size, self.strides, self._pads(shape), strict=True):
            real = np.pad(np.ones(n, self.dtype), pads)  # 1 for a pixel of the picture, 0 for padding
            counts.append(sliding_window_view(real, f)[::s].sum(axis=1))
        return np.outer(*counts)[:, :, np.newaxis]


class _GlobalPooling2D(Layer):
    """What the two global pooling layers share: one window, as large as the image, and no weights."""

    def __init__(
        self, keepdims: bool = False, *, name: str | None = None, dtype: DTypeLike = "float32"
    ) -> None:
        """Keep the setting."""
        super().__init__(name=name, dtype=dtype)
        self.keepdims = keepdims

    def __repr__(self) -> str:
        """Show how the layer was made."""
        return f"{type(self).__name__}(keepdims={self.keepdims})"

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Return (N, C), or (N, 1, 1, C) with `keepdims`, for an input of shape (N, H, W, C)."""
        batch, *image = _image_batch_shape(self.name, input_shape)
        *_, channels = (geometry.whole_number("each size of the image", size) for size in image)
        return (batch, 1, 1, channels) if self.keepdims else (batch, channels)

    def _per_channel(self, numbers: np.ndarray) -> np.ndarray:
        """Return one number for each map as (N, 1, 1, C), which NumPy spreads over the map's pixels."""
        return numbers.reshape(len(numbers), 1, 1, numbers.shape[-1])


class GlobalMaxPooling2D(_GlobalPooling2D):
    """Keep the largest number of each feature map, wherever in the image it is: (N, H, W, C) -> (N, C).

    Parameters
    ----------
    keepdims : bool
        Keep the two axes of the image, with a length of 1: (N, 1, 1, C).
    name, dtype
        See `Layer`.

    Notes
    -----
    Only the largest number of a map decides the output, so all the gradient goes to it. Where several are
    equally large they share it, as in TensorFlow, whose rule here is not that of its max-pooling: there,
    and in `MaxPooling2D`, the first takes all.

    Examples
    --------
    >>> GlobalMaxPooling2D()(np.zeros((1, 7, 7, 5))).shape
    (1, 5)
    """

    def _forward(self, x: np.ndarray) -> np.ndarray:
        self._x = x
        self._largest = x.max(axis=(1, 2), keepdims=True)  # (N, 1, 1, C)
        return self._largest.reshape(self._output_shape).copy()  # the caller may change the output

    def _input_gradient(self, dy: np.ndarray) -> np.ndarray:
        won = self._x == self._largest  # (N, H, W, C)
        winners = won.sum(axis=(1, 2), keepdims=True, dtype=self.dtype)
        return won * (self._per_channel(dy) / winners)


class GlobalAveragePooling2D(_GlobalPooling2D):
    """Take the mean of each feature map: (N, H, W, C) -> (N, C).

    Parameters
    ----------
    keepdims : bool
        Keep the two axes of the image, with a length of 1: (N, 1, 1, C).
    name, dtype
        See `Layer`.

    Examples
    --------
    >>> GlobalAveragePooling2D()([[[[1.0], [2.0]], [[3.0], [6.0]]]]).tolist()  # one 2 x 2 map
    [[3.0]]
    """

    def _forward(self, x: np.ndarray) -> np.ndarray:
        self._input_shape = x.shape
        return x.mean(axis=(1, 2)).reshape(self._output_shape)

    def _input_gradient(self, dy: np.ndarray) -> np.ndarray:
        _, height, width, _ = self._input_shape
        share = self._per_channel(dy) / (height * width)  # every pixel had the same part in the mean
        return np.broadcast_to(share, self._input_shape).copy()


class Dense(Layer):
    """Fully connected layer: every unit has a weight for every input, and a bias.

    Parameters
    ----------
    units : int
        Neurons, and so numbers that come out.
    use_bias : bool
    seed : int or numpy.random.Generator, optional
        Makes the first weights repeatable.
    name, dtype
        See `Layer`.

    Attributes
    ----------
    kernel : ndarray of shape (inputs, units)
        At first Glorot-uniform.
    bias : ndarray of shape (units,), or None without bias
        At first zero.

    Notes
    -----
    The layer works on the last axis, as in Keras: images need a `Flatten` before it.
    """

    def __init__(
        self,
        units: int,
        use_bias: bool = True,
        *,
        seed: Seed = None,
        name: str | None = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        """Keep the settings after checking them."""
        super().__init__(name=name, dtype=dtype)
        self.units = geometry.whole_number("units", units)
        self.use_bias = use_bias
        self._weight_names = ("kernel", "bias") if use_bias else ("kernel",)
        self.seed = seed

    def __repr__(self) -> str:
        """Show how the layer was made."""
        return f"Dense({self.units}, use_bias={self.use_bias})"

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Return (N, ..., units) for an input of shape (N, ..., inputs)."""
        shape = _batch_shape(self.name, input_shape, at_least=2)
        if self.built and shape[-1] != len(self.kernel):
            raise ValueError(
                f"{self.name} was built for {len(self.kernel)} inputs, got {shape[-1]} in the input of shape "
                f"{shape}; put a Flatten before it if these are images, or use a new layer"
            )
        return *shape[:-1], self.units

    def _build(self, input_shape: Shape) -> None:
        inputs = input_shape[-1]
        self.kernel = _glorot_uniform((inputs, self.units), inputs, self.units, self.seed, self.dtype)
        self.bias = np.zeros(self.units, self.dtype) if self.use_bias else None

    def _forward(self, x: np.ndarray) -> np.ndarray:
        self._x = x
        y = x @ self.kernel
        if self.use_bias:
            y += self.bias
        return y

    def _weight_gradients(self, dy: np.ndarray) -> list[np.ndarray]:
        rows = dy.reshape(-1, self.units)
        gradients = [self._x.reshape(-1, len(self.kernel)).T @ rows]
        if self.use_bias:
            gradients.append(rows.sum(axis=0))
        return gradients

    def _input_gradient(self, dy: np.ndarray) -> np.ndarray:
        return dy @ self.kernel.T


class Flatten(Layer):
    """Lay the numbers of each image out in one row; nothing is computed and nothing lost.

    Examples
    --------
    >>> Flatten()(np.zeros((1, 7, 7, 5))).shape
    (1, 245)
    """

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Return (N, numbers per image)."""
        batch, *rest = _batch_shape(self.name, input_shape)
        return batch, geometry.flatten_size(rest)

    def _forward(self, x: np.ndarray) -> np.ndarray:
        self._input_shape = x.shape
        return x.reshape(self._output_shape)

    def _input_gradient(self, dy: np.ndarray) -> np.ndarray:
        return dy.reshape(self._input_shape)


class ReLU(Layer):
    """Rectifier: negative numbers become 0, the others pass. At exactly 0 the gradient is taken as 0."""

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Return the shape of the input."""
        return _batch_shape(self.name, input_shape)

    def _forward(self, x: np.ndarray) -> np.ndarray:
        self._passes = x > 0
        return np.maximum(x, 0)

    def _input_gradient(self, dy: np.ndarray) -> np.ndarray:
        return dy * self._passes


class Sigmoid(Layer):
    """Squeeze each number into 0 to 1 with ``1 / (1 + exp(-x))``, to be read as a probability.

    Notes
    -----
    With ``s = sigmoid(x)`` the slope is ``s * (1 - s)``: at most 1/4, in the middle, and next to nothing
    far out on both sides.
    """

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Return the shape of the input."""
        return _batch_shape(self.name, input_shape)

    def _forward(self, x: np.ndarray) -> np.ndarray:
        # exp of a large positive number overflows, so only exp(-|x|) is taken: it lies between 0 and 1.
        power = np.exp(-np.abs(x))
        self._y = np.where(x < 0, power, 1) / (1 + power)
        return self._y.copy()  # the caller may change the output; backward uses our own

    def _input_gradient(self, dy: np.ndarray) -> np.ndarray:
        return dy * self._y * (1 - self._y)


class Tanh(Layer):
    """Squeeze each number into -1 to 1 with the hyperbolic tangent, a sigmoid stretched to pass through 0.

    Notes
    -----
    With ``t = tanh(x)`` the slope is ``1 - t ** 2``: 1 in the middle, four times that of a sigmoid.
    """

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Return the shape of the input."""
        return _batch_shape(self.name, input_shape)

    def _forward(self, x: np.ndarray) -> np.ndarray:
        self._y = np.tanh(x)
        return self._y.copy()  # the caller may change the output; backward uses our own

    def _input_gradient(self, dy: np.ndarray) -> np.ndarray:
        return dy * (1 - self._y**2)


class Softmax(Layer):
    """Turn the scores along the last axis (logits) into probabilities: positive, and 1 in sum.

    Notes
    -----
    With ``p = softmax(x)`` and g the gradient that comes in, the gradient is ``p * (g - sum(p * g))``: only
    what differs from the weighted mean counts, since raising all scores alike changes nothing.
    """

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Return the shape of the input."""
        return _batch_shape(self.name, input_shape)

    def _forward(self, x: np.ndarray) -> np.ndarray:
        # Taking the largest score off changes no ratio and keeps exp from overflowing.
        powers = np.exp(x - x.max(axis=-1, keepdims=True))
        self._probabilities = powers / powers.sum(axis=-1, keepdims=True)
        return self._probabilities.copy()  # the caller may change the output; backward uses our own

    def _input_gradient(self, dy: np.ndarray) -> np.ndarray:
        p = self._probabilities
        return p * (dy - (p * dy).sum(axis=-1, keepdims=True))


# ------------------------------------------------------------------------------- windows over all images

# 2 MiB is about what is near to a core. Half of it was as fast on one thread, but at each product of matrices
# the threads of the BLAS wait for each other; a whole batch of 128 in one group took a fifth longer.
_GROUP_BYTES = 2**21
_Pads = tuple[tuple[int, int], tuple[int, int]]


def _groups(batch: np.ndarray, bytes_per_image: int | None = None) -> Iterator[slice]:
    """Cut a batch into groups of images that take about `_GROUP_BYTES` together, at least one image each.

    What an image takes is its own numbers, if nothing else is said.

    A loop over the batch in one piece would write tens of megabytes to main memory and read them back in the
    next line. A group stays in the processor's cache, which is several times as fast, and its memory is
    used again for the next group, while each large new array is memory that the operating system has to
    hand over and clear first.
    """
    if bytes_per_image is None:
        bytes_per_image = math.prod(batch.shape[1:]) * batch.itemsize
    size = max(1, _GROUP_BYTES // bytes_per_image)
    for start in range(0, len(batch), size):
        yield slice(start, start + size)


def _entries(window: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the places (i, j) of a window in reading order."""
    return np.ndindex(*window)


def _tap(
    padded: np.ndarray, entry: tuple[int, int], strides: tuple[int, int], output_shape: Sequence[int]
) -> np.ndarray:
    """Return a view of the pixels that lie under one entry of the window, for all windows of all images.

    For a 3 x 3 window, a stride of 2 and ``entry = (0, 1)`` these are rows 0, 2, 4, ... and columns
    1, 3, 5, ..., as many as there are windows. As it is a view, adding to it adds to the image.

    Parameters
    ----------
    padded : ndarray of shape (N, H, W, C)
    entry : (i, j)
        Row and column within the window.
    strides : (rows, columns)
    output_shape : (N, rows, columns, ...)
        Of which rows * columns is the number of windows.

    Returns
    -------
    ndarray of shape (N, rows, columns, C)
    """
    rows, columns = (
        slice(first, first + step * (count - 1) + 1, step)
        for first, step, count in zip(entry, strides, output_shape[1:3], strict=True)
    )
    return padded[:, rows, columns]


def _patch_matrix(padded: np.ndarray, window: tuple[int, int], strides: tuple[int, int]) -> np.ndarray:
    """Copy every patch into a row of one matrix ("im2col").

    Parameters
    ----------
    padded : ndarray of shape (N, H, W, C)

    Returns
    -------
    ndarray of shape (N * rows * columns, window rows * window columns * C)
    """
    step_down, step_right = strides
    windows = sliding_window_view(padded, window, axis=(1, 2))[:, ::step_down, ::step_right]
    # (N, rows, columns, C, i, j) -> (N, rows, columns, i, j, C): the order of the kernel's axes. Up to here
    # all are views; the reshape is what copies, and C last lets it copy long runs of neighbours.
    windows = windows.transpose(0, 1, 2, 4, 5, 3)
    return windows.reshape(math.prod(windows.shape[:3]), math.prod(windows.shape[3:]))


def _image_pads(
    shape: Sequence[int], window: tuple[int, int], strides: tuple[int, int], padding: int | str
) -> _Pads:
    """Return ((above, below), (left, right)) for images of shape (N, H, W, C)."""
    rows, columns = (
        geometry.pad_amounts(n, f, s, padding)
        for n, f, s in zip(shape[1:3], window, strides, strict=True)
    )
    return rows, columns


def _pad(x: np.ndarray, pads: _Pads, value: float = 0.0) -> np.ndarray:
    """Return images with a frame of `value` around them (`x` itself where the frame is empty)."""
    if pads == ((0, 0), (0, 0)):
        return x
    return np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=value)


def _padded_shape(shape: Sequence[int], pads: _Pads) -> tuple[int, ...]:
    """Return the shape that `_pad` gives images of shape (N, H, W, C)."""
    batch, height, width, channels = shape
    return batch, height + sum(pads[0]), width + sum(pads[1]), channels


def _unpad(padded: np.ndarray, pads: _Pads) -> np.ndarray:
    """Cut the frame off again."""
    (above, below), (left, right) = pads
    return padded[:, above : padded.shape[1] - below, left : padded.shape[2] - right]


# ----------------------------------------------------------------------------------- weights and shapes


def _glorot_uniform(
    shape: tuple[int, ...], inputs: int, outputs: int, seed: Seed, dtype: np.dtype
) -> np.ndarray:
    """Draw the first weights: uniform between -limit and limit, limit = sqrt(6 / (inputs + outputs)).

    `inputs` and `outputs` count the connections into and out of one unit. The limit keeps the spread of the
    numbers about equal from layer to layer, forward and backward (Glorot and Bengio 2010, equation 16).
    """
    limit = math.sqrt(6 / (inputs + outputs))
    return np.random.default_rng(seed).uniform(-limit, limit, shape).astype(dtype)


def _batch_shape(name: str, shape: Sequence[int | None], at_least: int = 1) -> Shape:
    """Check that a shape has enough axes."""
    shape = tuple(shape)
    if len(shape) < at_least:
        raise ValueError(
            f"{name} expects an input with at least {at_least} axes, the first of them the batch, got shape "
            f"{shape}; give a single example its batch axis with x[np.newaxis]"
        )
    return shape


def _image_batch_shape(name: str, shape: Sequence[int | None]) -> Shape:
    """Check that a shape is that of a batch of images, (N, H, W, C)."""
    shape = tuple(shape)
    if len(shape) != 4:
        mend = {
            2: "a single grey image needs x[np.newaxis, :, :, np.newaxis]",
            3: "a single colour image needs x[np.newaxis], a batch of grey images x[..., np.newaxis]",
        }.get(len(shape), "leave out or add axes so that there are four")
        raise ValueError(
            f"{name} expects a batch of images, (batch, height, width, channels), got shape {shape} with "
            f"{len(shape)} axes; {mend}"
        )
    return shape


def _snake_case(class_name: str) -> str:
    """Name a layer as Keras does: MaxPooling2D -> max_pooling2d, ReLU -> re_lu."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", class_name).lower()
