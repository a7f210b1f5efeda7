"""The answer checks name the mistake behind a wrong answer, and cannot be fooled."""

import copy
import re

import numpy as np
import pytest
from check_tools import (
    Agreeable,
    AgreeableArray,
    AgreeableDict,
    AgreeableInt,
    assert_loads_no_tool,
    assert_passes,
    assert_refuses_by_heart,
    define,
    failure,
    said_of,
    tired,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from notmagic.checks import CheckFailed, NotAnswered
from notmagic.checks import chapter08 as check

SIZES = {"A": (5, 0), "B": (3, 0), "C": (3, 1), "D": (4, 1), "E": (54, 1), "F": (55, 0)}
COUNTS = {"one filter": 28, "the layer": 1792, "numbers in the output": 4_129_024, "the next layer": 51_232,
          "1 x 1": 1040, "dense": 12_582_976}

# A right layer as a student writes it; the table below breaks it in one place at a time.
LAYER = '''
def conv2d(image, kernel, bias, stride=1, padding=0):
    height, width, channels, filters = kernel.shape
    padded = np.pad(image, [(padding, padding), (padding, padding), (0, 0)])
    rows = (padded.shape[0] - height) // stride + 1
    columns = (padded.shape[1] - width) // stride + 1
    output = np.zeros((rows, columns, filters))
    for i in range(rows):
        for j in range(columns):
            window = padded[i * stride:i * stride + height, j * stride:j * stride + width]
            for k in range(filters):
                output[i, j, k] = (window * kernel[..., k]).sum() + bias[k]
    return output
'''

HURRIED = '''
def mended_conv(image, kernel, stride=1):
    f = kernel.shape[0]
    rows = (image.shape[0] - f) // stride + 1
    columns = (image.shape[0] - f) // stride + 1
    output = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = image[i:i + f, j * stride:j * stride + f]
            output[i, j] = (window * kernel).sum()
    return output
'''
MENDED = HURRIED.replace("image[i:i + f", "image[i * stride:i * stride + f").replace(
    "columns = (image.shape[0]", "columns = (image.shape[1]")

ONE_VALUE = '''
def one_value(image, kernel, bias, row, column, stride):
    f = len(kernel)
    top, left = row * stride, column * stride
    return (image[top:top + f, left:left + f] * kernel).sum() + bias
'''


# --- right answers ----------------------------------------------------------------------------------------


def test_right_answers_pass_return_nothing_and_say_what_they_mean(capsys):
    answers = [(check.sizes, SIZES), (check.counts, COUNTS), (check.by_hand, -1.5),
               (check.one_value, define(ONE_VALUE)), (check.conv2d, define(LAYER)),
               (check.mended, define(MENDED)),
               (check.line_filter, np.array([[-1, 2, -1]] * 3))]
    for check_function, answer in answers:
        assert_passes(check_function, answer, capsys=capsys)


def test_right_answers_come_in_many_forms():
    check.sizes({name: [np.int64(size), float(rest)] for name, (size, rest) in SIZES.items()})
    check.by_hand(np.array(-1.5))
    check.by_hand(np.float32(-1.5))
    check.conv2d(define(LAYER, ("filters))", "filters), dtype=np.float32)")))
    check.line_filter(np.array([[-1.0, 2, -1], [-2, 4, -2], [-1, 2, -1]]))
    check.witnesses([8, 8, 3, 2], (9, 6, 3, 1))


def test_a_vectorised_layer_passes():
    def conv2d(image, kernel, bias, stride=1, padding=0):
        padded = np.pad(image, [(padding, padding), (padding, padding), (0, 0)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[:2], axis=(0, 1))
        return np.einsum("ijchw,hwcf->ijf", windows[::stride, ::stride], kernel) + bias

    check.conv2d(conv2d)


def test_a_layer_that_calls_tensorflow_passes_and_its_tensor_is_named():
    import tensorflow

    def tensor(image, kernel, bias, stride=1, padding=0):
        padded = np.pad(np.asarray(image, float), [(padding, padding), (padding, padding), (0, 0)])
        return tensorflow.nn.convolution(padded[None], kernel, stride, "VALID")[0] + bias

    check.conv2d(lambda *arguments: tensor(*arguments).numpy())
    assert "EagerTensor" in failure(check.conv2d, tensor)


def test_the_reference_agrees_with_the_package_s_own_layer():
    from notmagic.layers import Conv2D

    rng = np.random.default_rng(8)
    for stride, padding in ((1, 0), (2, 1), (3, 2)):
        image, kernel, bias = rng.normal(size=(8, 11, 3)), rng.normal(size=(3, 2, 3, 4)), rng.normal(size=4)
        layer = Conv2D(4, (3, 2), strides=stride, padding=padding)
        layer.build((None, *image.shape))
        layer.weights[0][...], layer.weights[1][...] = kernel, bias
        expected = check.convolve(image, kernel, bias, stride, padding)
        np.testing.assert_allclose(layer(image[None])[0], expected, rtol=1e-4, atol=1e-5)


# --- known mistakes -----------------------------------------------------------------------------------------

SUM = "(window * kernel[..., k]).sum() + bias[k]"
WINDOW = "padded[i * stride:i * stride + height, j * stride:j * stride + width]"
ROWS_UP, COLUMNS_UP = "-((height - padded.shape[0]) // stride)", "-((width - padded.shape[1]) // stride)"
PAD = "[(padding, padding), (padding, padding), (0, 0)]"
LAYER_MISTAKES = [
    ("bias was forgotten", (" + bias[k]", "")),
    ("once for every channel", ("+ bias[k]", "+ channels * bias[k]")),
    ("added to every product", (SUM, "(window * kernel[..., k] + bias[k]).sum()")),
    ("bias of the first filter", ("bias[k]", "bias[0]")),
    ("kernel is flipped", ("kernel[..., k]", "kernel[::-1, ::-1, :, k]")),
    ("only the first channel", (SUM, "(window[..., 0] * kernel[..., 0, k]).sum() + bias[k]")),
    ("comes from the first filter", ("kernel[..., k]", "kernel[..., 0]")),
    ("rows and columns of the output are swapped", ("return output", "return output.transpose(1, 0, 2)")),
    ("feature maps come first", ("return output", "return output.transpose(2, 0, 1)")),
    ("padding is ignored", (PAD, "0")),
    ("on one side only", (PAD, "[(padding, 0), (padding, 0), (0, 0)]")),
    ("on one side only", (PAD, "[(0, padding), (0, padding), (0, 0)]")),
    ("all of the padding was added on one side", (PAD, "[(2 * padding, 0), (2 * padding, 0), (0, 0)]")),
    ("all of the padding was added on one side", (PAD, "[(0, 2 * padding), (0, 2 * padding), (0, 0)]")),
    ("only rows are padded", (PAD, "[(padding, padding), (0, 0), (0, 0)]")),
    ("only columns are padded", (PAD, "[(0, 0), (padding, padding), (0, 0)]")),
    ("twice the padding", (PAD, "[(2 * padding, 2 * padding), (2 * padding, 2 * padding), (0, 0)]")),
    ("repeats the pixels of the edge", (PAD, PAD + ", mode='edge'")),
    ("mirrors the image", (PAD, PAD + ", mode='reflect'")),
    ("axis of the channels padded", (PAD, "padding")),
    ("stride is ignored: the output is that of stride 1", ("    height, width, channels", "    stride = 1\n"
                                                           "    height, width, channels")),
    ("stride is ignored vertically", ("height) // stride", "height)"), ("i * stride", "i")),
    ("stride is ignored horizontally", ("width) // stride", "width)"), ("j * stride", "j")),
    ("windows one pixel apart", (WINDOW, "padded[i:i + height, j:j + width]")),
    ("down the rows", ("i * stride", "i")),
    ("along the columns", ("j * stride", "j")),
    ("(floor), not up (ceil)", ("(padded.shape[0] - height) // stride", ROWS_UP)),
    ("(floor), not up (ceil)", ("(padded.shape[0] - height) // stride", ROWS_UP),
     ("(padded.shape[1] - width) // stride", COLUMNS_UP)),
    ("(floor), not up (ceil)", ("(padded.shape[0] - height) // stride", ROWS_UP),
     ("(padded.shape[1] - width) // stride", COLUMNS_UP),
     ("kernel[..., k]", "kernel[:window.shape[0], :window.shape[1], :, k]")),
    ("lacks its last row and column", ("// stride + 1", "// stride")),
    ("last row and column of the output are never filled", ("range(rows)", "range(rows - 1)"),
     ("range(columns)", "range(columns - 1)")),
    ("width comes from the height", ("(padded.shape[1] - width)", "(padded.shape[0] - height)")),
    ("not as high as it is wide", ("    padded =", "    width = height\n    padded =")),
    ("at the edges, too", ("(padded.shape[0] - height)", "(padded.shape[1] - width)")),
    ("mean of the products", (SUM, "(window * kernel[..., k]).mean() + bias[k]")),
    ("negative values have become 0", ("return output", "return np.maximum(output, 0)")),
    ("fractions are cut off", ("columns, filters))", "columns, filters), int)")),
    ("fractions are cut off", (SUM, "int((window * kernel[..., k]).sum() + bias[k])")),
    ("fractions are cut off", ("filters))", "filters), dtype=image.dtype)")),
    ("changes an array that it was given", ("return output", "image -= 1\n    return output")),
    ("changes an array that it was given", ("return output", "kernel[:] = 0\n    return output")),
    ("type list", ("return output", "return output.tolist()")),
    ("dtype bool", ("return output", "return output > 0")),
    ("dtype object", ("return output", "return output.astype(object)")),
    ("dtype complex", ("return output", "return output + 0j")),
    ("nan or inf", ("return output", "output[-1, -1, -1] = np.nan\n    return output")),
    ("nan or inf", ("return output", "return np.full_like(output, np.nan)")),
    ("returns nothing", ("    return output\n", "")),
    ("IndexError: index 99 is out of bounds for axis 0 with size 3\n  in line 12\n", (SUM, "window[99]")),
    ("Are they mixed?", ("range(rows)", "range(0, padded.shape[0] - height + 1, stride)"),
     ("i * stride", "i")),
    ("wrong shape: expected", ("return output", "return output[:, :, 0]")),
    ("wrong shape: expected", ("return output", "return output[None]")),
    ("wrong shape: expected", ("return output", "return output[:1, :1]")),
    ("values are wrong", ("return output", "return np.zeros_like(output)")),
    ("values are wrong", ("return output", "output[0, 0, 0] += 0.25\n    return output")),
    ("First: the bias was forgotten. Second: the kernel is flipped", (" + bias[k]", ""),
     ("kernel[..., k]", "kernel[::-1, ::-1, :, k]")),
]


@pytest.mark.parametrize(("says", "changes"), [(row[0], row[1:]) for row in LAYER_MISTAKES])
def test_a_broken_layer_gets_its_diagnosis(says, changes):
    assert says in failure(check.conv2d, define(LAYER, *changes))


@pytest.mark.parametrize(("says", "changes"), [
    ("bias was forgotten", [(" + bias", "")]),
    ("bias was subtracted", [("+ bias", "- bias")]),
    ("stride was forgotten", [("row * stride, column * stride", "row, column")]),
    ("rows and columns are swapped", [("row * stride, column * stride", "column * stride, row * stride")]),
    ("was flipped", [("* kernel)", "* kernel[::-1, ::-1])")]),
    ("was transposed", [("* kernel)", "* kernel.T)")]),
    ("matrix product", [("* kernel)", "@ kernel)")]),
    ("mean of the products", [(".sum()", ".mean()")]),
    ("largest product", [(".sum()", ".max()")]),
    ("is no number", [(".sum()", "")]),
    ("is no number", [("return (", "return str("), (".sum() + bias", "")]),
    ("the number is wrong", [("return (", "return 0.0 * (")]),
])
def test_a_broken_value_gets_its_diagnosis(says, changes):
    assert says in failure(check.one_value, define(ONE_VALUE, *changes))


@pytest.mark.parametrize(("value", "says"), [
    (-2, "bias was forgotten"), (-2.5, "subtracted"), (0.5, "stride was forgotten"),
    (5.5, "rows and columns are swapped"), (7.5, "flipped"), (9.5, "transposed"), (10.5, "matrix product"),
    (3.5, "largest product"), (6.5, "count from 0"), (99, "not this number"), ("-1.5", "type str"),
    (True, "True or False"), (float("nan"), "finite"), ([-1.5], "type list"),
    (np.array([-1.5]), "shape (1,)"),
])
def test_a_wrong_number_by_hand_gets_its_diagnosis(value, says):
    assert says in failure(check.by_hand, value)


@pytest.mark.parametrize(("question", "answer", "says"), [
    ("A", (4, 0), "before it takes its first step"), ("A", (6, 0), "one window too many"),
    ("A", (7, 0), "size of the input"), ("A", (25, 0), "not the number of values"),
    ("B", (5, 0), "stride 1"), ("B", (0, 3), "wrong order"), ("B", (3, 4), "not this number"),
    ("C", (3.5, 0), "part of a window"), ("C", (4, 0), "rounded up"), ("C", (3, 0), "left over"),
    ("C", (3, 4), "after the *start*"), ("D", (3, 1), "one window too few"), ("D", (3, 1), "left out"),
    ("D", (4, 0), "take the first window off"), ("E", (55, 0), "rounded up"),
    ("E", (54, 3), "missing for one"),
    ("F", 55, "two numbers in brackets"), ("F", (55, "0"), "type str"), ("F", (55, ...), "not answered yet"),
    ("F", (55, 0.5), "fraction"), ("F", (True, 0), "True or False"), ("F", (float("inf"), 0), "finite"),
])
def test_a_wrong_size_gets_its_diagnosis(question, answer, says):
    assert says in said_of(check.sizes, SIZES, question, answer)


@pytest.mark.parametrize(("question", "answer", "says"), [
    ("one filter", 27, "bias was forgotten"), ("one filter", 10, "full depth"),
    ("one filter", 30, "once, after the sum over the depth"),
    ("the layer", 1728, "bias was forgotten"), ("the layer", 1729, "one bias for the whole layer"),
    ("the layer", 640, "full depth"), ("the layer", 28, "that is one filter"),
    ("the layer", 27 + 64, "weights of its own"), ("the layer", 18 * 64 + 64, "multiplied, not added"),
    ("numbers in the output", 256 * 256 * 64, "does not fit at every pixel"),
    ("numbers in the output", 253 * 253 * 64, "before it takes its first step"),
    ("numbers in the output", 254 * 254 * 3 * 64, "summed into one number"),
    ("the next layer", 76 * 32, "does not see the image"), ("the next layer", 26 * 32, "full depth"),
    ("1 x 1", 17 * 64, "not the other way round"), ("1 x 1", 32, "full depth"),
    ("dense", 196_608 * 64, "bias was forgotten"), ("dense", 65_537 * 64, "three numbers at each pixel"),
    ("dense", 1, "not this number"), ("dense", "12582976", "type str"),
])
def test_a_wrong_count_gets_its_diagnosis(question, answer, says):
    assert says in said_of(check.counts, COUNTS, question, answer)


@pytest.mark.parametrize(("says", "changes"), [
    ("both bugs are still in it", [(HURRIED, HURRIED)]),
    ("the one about the shape", [("columns = (image.shape[0]", "columns = (image.shape[1]")]),
    ("the one about the stride", [("image[i:i + f", "image[i * stride:i * stride + f")]),
    ("columns move too little", [("columns = (image.shape[0]", "columns = (image.shape[1]"),
                                 ("j * stride", "j")]),
    ("at the edges, too", [("image[i:i + f", "image[i * stride:i * stride + f"),
                           ("rows = (image.shape[0]", "rows = (image.shape[1]"),
                           ("columns = (image.shape[0]", "columns = (image.shape[1]")]),
    ("stride is ignored", [("columns = (image.shape[0]", "columns = (image.shape[1]"), (" // stride", ""),
                           ("j * stride", "j")]),
])
def test_a_bug_that_is_left_gets_its_diagnosis(says, changes):
    assert says in failure(check.mended, define(HURRIED, *changes))


def test_the_hurried_function_of_the_exercise_is_the_one_that_the_check_knows():
    hurried = define(HURRIED)
    rng = np.random.default_rng(5)
    for rows, columns, f, stride in ((8, 8, 3, 2), (6, 9, 3, 1), (7, 12, 2, 3)):
        image, kernel = rng.normal(size=(rows, columns)), rng.normal(size=(f, f))
        simulated = check._flat_convolve(image, kernel, stride, check.Recipe(**check._HURRIED))
        np.testing.assert_allclose(hurried(image, kernel, stride), simulated)


@pytest.mark.parametrize(("witnesses", "says"), [
    (((8, 8, 3, 1), (6, 9, 3, 1)), "wrong_values: here the hurried function is right"),
    (((6, 9, 3, 2), (6, 9, 3, 1)), "wrong_values: here the shape is wrong, too"),
    (((8, 8, 3, 2), (8, 8, 3, 2)), "wrong_shape: here the shape is right"),
    (((8, 8, 9, 2), (6, 9, 3, 1)), "does not fit"),
    (((8, 8, 3, 0), (6, 9, 3, 1)), "from 1 to 64"),
    (((8, 8, 3), (6, 9, 3, 1)), "four whole numbers"),
    (((8, 8, 3, ...), (6, 9, 3, 1)), "four whole numbers"),
    (((8, 8, 3, 2.5), (6, 9, 3, 1)), "fraction"),
])
def test_a_setting_that_shows_no_bug_is_refused(witnesses, says):
    assert says in failure(check.witnesses, *witnesses)


@pytest.mark.parametrize(("weights", "says"), [
    ([[0, 1, 0]] * 3, "even light"),
    ([[1, 1, 1]] * 3, "even light"),
    (np.array([[-1, 2, -1]] * 3).T, "lies on its side"),
    ([[-1, 2, -1], [0, 0, 0], [1, -2, 1]], "none of the three pictures"),
    ([[1, -2, 1]] * 3, "dark lines on bright ground"),
    ([[-1, 0, 1]] * 3, "filter for edges"),
    ([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], "horizontal line as well"),
    ([[2, -3, 1]] * 3, "dark lines"),
    ([[-3, 1, 2]] * 3, "beside the line"),
    ([[-1, 2, -1]] * 2, "expected (3, 3)"),
    ([[-1, float("nan"), -1]] * 3, "nan"),
    ([["a", "b", "c"]] * 3, "array of numbers"),
])
def test_a_filter_that_is_something_else_gets_its_diagnosis(weights, says):
    with pytest.raises(CheckFailed, match=re.escape(says)):
        check.line_filter(np.array(weights))


def test_a_filter_given_as_a_list_is_told_how_to_become_an_array():
    assert "np.array" in failure(check.line_filter, [[-1, 2, -1]] * 3)


# --- checks cannot be fooled -----------------------------------------------------------------------------


# Some know a right answer: -1.5 by hand, 5 of the sizes, the whole table of them.
KNOWING = Agreeable(number=-1.5, whole=5)
CHEATS = [KNOWING, AgreeableInt(7), AgreeableDict(SIZES), True, None, ..., "5", float("nan"), [], {},
          object(), np.zeros(0), lambda *arguments: KNOWING, lambda *arguments: AgreeableInt(7),
          lambda *arguments: 0.0, lambda *arguments: np.zeros((1, 1, 1)), lambda *arguments: np.nan,
          lambda *arguments: np.zeros((3, 3, 2)).view(AgreeableArray), lambda: None, np.zeros((3, 3))]


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: type(cheat).__name__)
@pytest.mark.parametrize("check_function", [check.sizes, check.counts, check.by_hand, check.one_value,
                                            check.conv2d, check.mended, check.line_filter],
                         ids=lambda function: function.__name__)
def test_no_check_takes_a_cheat(check_function, cheat):
    with pytest.raises(CheckFailed):
        check_function(cheat)


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: type(cheat).__name__)
def test_no_entry_takes_a_cheat(cheat):
    for answers, check_function in ((SIZES, check.sizes), (COUNTS, check.counts)):
        for question, right in answers.items():
            wrong = (right[0], cheat) if isinstance(right, tuple) else cheat
            with pytest.raises(CheckFailed):
                check_function({**answers, question: wrong})
    with pytest.raises(CheckFailed):
        check.witnesses((8, 8, 3, cheat), (6, 9, 3, 1))
    with pytest.raises(CheckFailed):
        check.witnesses((8, 8, 3, 2), cheat)


def test_an_array_subclass_is_refused_even_with_the_right_values():
    disguised = define(LAYER, ("return output", "return output.view(kind)"))
    disguised.__globals__["kind"] = AgreeableArray
    assert "AgreeableArray" in failure(check.conv2d, disguised)


def test_a_layer_that_learnt_an_earlier_answer_by_heart_fails():
    assert_refuses_by_heart(check.conv2d, define(LAYER), attempts=1)


def test_a_layer_that_is_right_only_the_first_time_fails():
    assert "called twice" in failure(check.conv2d, tired(define(LAYER), len(check._LAYERS)))


def test_missing_and_misnamed_entries_are_named():
    assert "F: this entry is missing" in failure(check.sizes, {key: SIZES[key] for key in "ABCDE"})
    assert "1 x 1: this entry is missing" in failure(check.counts, {**{"1x1": 1040}, **{
        key: value for key, value in COUNTS.items() if key != "1 x 1"}})


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_one_changed_entry_of_a_right_table_never_passes(data):
    answers, check_function = data.draw(st.sampled_from([(SIZES, check.sizes), (COUNTS, check.counts)]))
    answers = copy.deepcopy(answers)
    question = data.draw(st.sampled_from(sorted(answers)))
    change = data.draw(st.integers(-500, 500).filter(bool) | st.floats(-9, 9).filter(lambda x: abs(x) > 1e-6))
    if isinstance(answers[question], tuple):
        entry = data.draw(st.integers(0, 1))
        pair = list(answers[question])
        pair[entry] += change
        answers[question] = tuple(pair)
    else:
        answers[question] += change
    with pytest.raises(CheckFailed):
        check_function(answers)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_one_changed_value_of_a_right_layer_never_passes(data):
    trial = data.draw(st.integers(0, len(check._LAYERS) - 1))
    place = data.draw(st.floats(0, 0.999))
    change = data.draw(st.sampled_from([-1, 1])) * 10 ** data.draw(st.floats(-2, 6))
    right, calls = define(LAYER), []

    def nearly(*arguments):
        output = right(*arguments)
        if len(calls) == trial:
            output.flat[int(place * output.size)] += change
        calls.append(trial)
        return output

    with pytest.raises(CheckFailed):
        check.conv2d(nearly)


# --- how a failure looks -----------------------------------------------------------------------------------


def test_a_notebook_shows_the_message_alone():
    error = CheckFailed("two things.\n  A: this.")
    assert error._render_traceback_() == ["Not yet: two things.", "  A: this."]
    assert isinstance(error, AssertionError)
    assert str(NotAnswered("write it.")) == "Not answered yet: write it."


@pytest.mark.parametrize(("check_function", "answers"), [
    (check.sizes, [dict.fromkeys("ABCDEF", (..., ...))]), (check.counts, [dict.fromkeys(COUNTS, ...)]),
    (check.by_hand, [...]), (check.one_value, [lambda *arguments: None]),
    (check.conv2d, [lambda *arguments: None]),
    (check.witnesses, [(...,) * 4, (...,) * 4]), (check.mended, [lambda *arguments: ...]),
    (check.line_filter, [np.zeros((3, 3), int)]),
])
def test_a_blank_answer_is_called_unanswered(check_function, answers):
    with pytest.raises(NotAnswered):
        check_function(*answers)


def test_no_message_gives_a_right_answer_away():
    """Whatever a diagnosis says about a wrong entry, the right number is not in it."""
    for answers, check_function in ((SIZES, check.sizes), (COUNTS, check.counts)):
        for question, right in answers.items():
            steps = (-64, -1, 1, 64)
            for wrong in (*range(60), *(number + step for number in COUNTS.values() for step in steps)):
                answer = (wrong, 99) if isinstance(right, tuple) else wrong
                if answer == right or (isinstance(right, tuple) and wrong == right[0]):
                    continue
                said = failure(check_function, {**answers, question: answer}).split(f"{question}: ")[1]
                secret = str(right[0] if isinstance(right, tuple) else right)
                assert secret not in re.findall(r"\d+", said.replace(",", "")), said


def test_the_checks_load_neither_tensorflow_nor_a_grader():
    assert_loads_no_tool("chapter08")
