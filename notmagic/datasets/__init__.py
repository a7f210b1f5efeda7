"""The pictures the course uses: digits, CIFAR-10 (or a drawn stand-in for it) and a few samples.

Every loader returns uint8 images and says in ``source`` where they came from. None of them imports
TensorFlow.
"""

from notmagic.datasets.cifar10 import CLASS_NAMES, Cifar10, DatasetError, load_cifar10
from notmagic.datasets.digits import Digits, load_digits
from notmagic.datasets.samples import sample_images

__all__ = [
    "CLASS_NAMES",
    "Cifar10",
    "DatasetError",
    "Digits",
    "load_cifar10",
    "load_digits",
    "sample_images",
]
