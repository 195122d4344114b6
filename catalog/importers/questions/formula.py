"""Formulas as Moodle writes them: numbers, the four signs and a few functions. Nothing else is computed.

* All numbers are floating, so that nothing grows without bound; a formula of any other form has no value.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

FORMULA_LETTERS_MAX = 300

_NAME = re.compile(r"\{([A-Za-z]\w{0,40})\}")
_SIGNS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Mod: lambda one, other: math.fmod(int(one), int(other)), ast.Pow: operator.pow,
}  # fmt: skip
_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "abs": abs, "acos": math.acos, "acosh": math.acosh, "asin": math.asin, "asinh": math.asinh, "atan": math.atan,
    "atan2": math.atan2, "atanh": math.atanh, "ceil": math.ceil, "cos": math.cos, "cosh": math.cosh,
    "deg2rad": math.radians, "exp": math.exp, "floor": math.floor, "fmod": math.fmod, "log": math.log,
    "log10": math.log10, "max": max, "min": min, "pi": lambda: math.pi, "pow": math.pow, "rad2deg": math.degrees,
    "round": lambda value, places=0: round(value, int(places)), "sin": math.sin, "sinh": math.sinh, "sqrt": math.sqrt,
    "tan": math.tan, "tanh": math.tanh,
}  # fmt: skip


def with_values(text: str, values: Mapping[str, str]) -> str:
    """A text with a value for each name in braces."""
    return _NAME.sub(lambda found: values.get(found[1], found[0]), text)


def value_of(formula: str, values: Mapping[str, str]) -> float | None:
    """What a formula gives; None where it is none, or gives no number.

    >>> value_of("{a} * (1 + sqrt({b}))", {"a": "2", "b": "9"})
    8.0
    """
    written = _NAME.sub(lambda found: f"({values.get(found[1], '?')})", formula.strip())
    if len(written) > FORMULA_LETTERS_MAX:
        return None
    try:
        value = _value(ast.parse(written, mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError, TypeError, RecursionError, MemoryError):
        return None
    return value if math.isfinite(value) else None


def _value(node: Any) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand)
        case ast.UnaryOp(op=ast.UAdd()):
            return _value(node.operand)
        case ast.BinOp() if type(node.op) in _SIGNS:
            made = _SIGNS[type(node.op)](_value(node.left), _value(node.right))
            if isinstance(made, complex):
                raise ValueError("no real number")
            return made
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
            return float(_FUNCTIONS[name](*(_value(one) for one in node.args)))
        case _:
            raise ValueError("not a formula")
