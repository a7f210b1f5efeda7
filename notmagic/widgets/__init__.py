"""Widgets: what a reader can move, in a notebook and in the published page.

Each widget is a Python class, an ES module and a style sheet of the same name. None of them imports
TensorFlow, for a page must open without it.
"""

from notmagic.widgets.boundary import Boundary
from notmagic.widgets.cat_windows import CatWindows
from notmagic.widgets.conv_explorer import ConvExplorer
from notmagic.widgets.counting_game import CountingGame
from notmagic.widgets.digit_pad import DigitPad
from notmagic.widgets.filter_bank import FilterBank
from notmagic.widgets.fit_line import FitLine
from notmagic.widgets.net_lab import NetLab
from notmagic.widgets.network_explorer import NetworkExplorer
from notmagic.widgets.pooling_explorer import PoolingExplorer
from notmagic.widgets.receptive_field import ReceptiveField
from notmagic.widgets.training_replay import TrainingReplay
from notmagic.widgets.xor_lab import XorLab

__all__ = [
    "Boundary",
    "CatWindows",
    "ConvExplorer",
    "CountingGame",
    "DigitPad",
    "FilterBank",
    "FitLine",
    "NetLab",
    "NetworkExplorer",
    "PoolingExplorer",
    "ReceptiveField",
    "TrainingReplay",
    "XorLab",
]
