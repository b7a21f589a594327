import enum
import json
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dtab import Dtab, Path
from namer.config import (
    ConfigErrors,
    Directory,
    FieldError,
    File,
    Fraction,
    FromText,
    HostAndPort,
    IpLiteral,
    LogLevel,
    Millis,
    NonEmpty,
    Port,
    PositiveInt,
    Regex,
    at_least,
    between,
    bind,
    bind_config,
    bind_kind,
    keyed,
    planned,
    required,
)
from namer.plugin import Registry

SHAPES = Registry("shape", planned=("cube",), refused={"line": "it has no area"})
COLOURS = Registry("colour", default="red", implicit=True)


@SHAPES.register("circle")
@dataclass(frozen=True, kw_only=True)
class Circle:
    radius: PositiveInt


@SHAPES.register("square", experimental=True)
@dataclass(frozen=True, kw_only=True)
class Square:
    side: float = 1.0


@COLOURS.register("red")
@dataclass(frozen=True, kw_only=True)
class Red:
    shade: int = 0


class Side(enum.Enum):
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, kw_only=True)
class Range:
    least: int = 0
    most: int = 9

    def __post_init__(self) -> None:
        if self.least > self.most:
            raise FieldError("least", f"{self.least} is more than {self.most}")
        if self.most > 99:
            raise ValueError("too wide")


@dataclass(frozen=True, kw_only=True)
class All:
    removed_keys: ClassVar[dict[str, str]] = {"size": "renamed: use number"}

    number: int = 0
    ratio: float = 0.0
    flag: bool = False
    text: str = ""
    path: Path = Path.read("/svc")
    dtab: Dtab = Dtab()
    port: Port = 4140
    ip: IpLiteral = "127.0.0.1"
    level: LogLevel = "INFO"
    mode: Literal["default", "stale"] = "default"
    side: Side = Side.LEFT
    directory: Directory | None = None
    file: File | None = None
    regex: Regex | None = None
    name: NonEmpty | None = None
    wait: Millis = 0
    fraction: Fraction = 0.0
    address: HostAndPort | None = None
    shape: Annotated[Any, SHAPES] | None = None
    shapes: Annotated[Any, SHAPES] | tuple[Annotated[Any, SHAPES], ...] = ()
    colour: Annotated[Any, COLOURS] = Red()
    numbers: list[int] | None = None
    weights: dict[str, float] | None = None
    range: Range = Range()
    words: Annotated[tuple[str, ...], FromText(lambda text: tuple(text.split()), " ".join)] = ()
    even: Annotated[int, between(0, 8), lambda value: value // 2] = 0
    later: str | None = planned()
    for_: int = keyed("for", lambda: 7)


@dataclass(frozen=True, kw_only=True)
class Needs:
    rootDir: str
    dst: str = required("`dst` is a required field")


def errors_of(text: str, cls: type[Any] = All) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        bind_config(cls, text, "f")
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("number: 12", "number", 12),
        ("number: -1_000", "number", -1000),
        ("number: +0", "number", 0),
        ("ratio: 1", "ratio", 1.0),
        ("ratio: 2.5", "ratio", 2.5),
        ("ratio: .5", "ratio", 0.5),
        ("ratio: 1e-3", "ratio", 0.001),
        ("flag: true", "flag", True),
        ("flag: FALSE", "flag", False),
        ("text: abc", "text", "abc"),
        ("text: 8080", "text", "8080"),
        ("text: 1.10", "text", "1.10"),
        ("text: 'null'", "text", "null"),
        ("text: yes", "text", "yes"),
        ("text: !!str 7", "text", "7"),
        ("text: |\n  a\n  b\n", "text", "a\nb\n"),
        ("path: /a/b", "path", Path.read("/a/b")),
        ("dtab: |\n  /a => /b ; # why\n  /c => /d ;\n", "dtab", Dtab.read("/a=>/b;/c=>/d")),
        ("port: 0", "port", 0),
        ("port: 65535", "port", 65535),
        ("ip: ::1", "ip", "::1"),
        ("ip: '2001:DB8::0:1'", "ip", "2001:db8::1"),
        ("level: FATAL", "level", "FATAL"),
        ("mode: stale", "mode", "stale"),
        ("side: right", "side", Side.RIGHT),
        ("regex: /a.*", "regex", "/a.*"),
        ("fraction: 1", "fraction", 1.0),
        ("address: {host: zk, port: 2181}", "address", HostAndPort(host="zk", port=2181)),
        ("address: {host: zk}", "address", HostAndPort(host="zk")),
        ("shape: {kind: circle, radius: 2}", "shape", Circle(radius=2)),
        ("shapes: {kind: circle, radius: 2}", "shapes", Circle(radius=2)),
        ("shapes: [{kind: circle, radius: 2}]", "shapes", (Circle(radius=2),)),
        ("colour: {shade: 3}", "colour", Red(shade=3)),
        ("colour: {kind: red}", "colour", Red()),
        ("numbers: [1, 2]", "numbers", [1, 2]),
        ("weights: {a: 1, b: 0.5}", "weights", {"a": 1.0, "b": 0.5}),
        ("words: one two", "words", ("one", "two")),
        ("even: 8", "even", 4),
        ("for: 8", "for_", 8),
        ("shape: {kind: square, experimental: true}", "shape", Square()),
        ("shape: {kind: square, experimental: null}", "shape", Square()),
    ],
)
def test_a_value_in_the_file_becomes_the_value_of_the_field(text: str, key: str, value: object):
    assert getattr(bind_config(All, text, "f"), key) == value


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('number: "12"', "f:1:9: number: expected an integer, got the text '12'"),
        ("number: abc", "f:1:9: number: expected an integer, got the text 'abc'"),
        ("number: 1.5", "f:1:9: number: expected an integer, got 1.5"),
        ("number: 010", "f:1:9: number: expected an integer, got 010"),
        ("number: 0x10", "f:1:9: number: expected an integer, got the text '0x10'"),
        ("number: 1:30", "f:1:9: number: expected an integer, got the text '1:30'"),
        ("number: 1__0", "f:1:9: number: expected an integer, got the text '1__0'"),
        ("ratio: 1_", "f:1:8: ratio: expected a number, got the text '1_'"),
        ("number: true", "f:1:9: number: expected an integer, got true"),
        ("number: []", "f:1:9: number: expected an integer, got a list"),
        ("number: {}", "f:1:9: number: expected an integer, got a mapping"),
        ("number: 9223372036854775808", "f:1:9: number: 9223372036854775808 does not fit 64 bits"),
        ("number: " + "9" * 5000, "f:1:9: number: " + "9" * 40 + " does not fit 64 bits"),
        ("ratio: '1'", "f:1:8: ratio: expected a number, got the text '1'"),
        ("ratio: .nan", "f:1:8: ratio: expected a number, got the text '.nan'"),
        ("ratio: 1e999", "f:1:8: ratio: expected a number, got 1e999"),
        ("flag: yes", "f:1:7: flag: expected true or false, got the text 'yes'"),
        ("flag: 1", "f:1:7: flag: expected true or false, got 1"),
        ("flag: 'true'", "f:1:7: flag: expected true or false, got the text 'true'"),
        ("text: []", "f:1:7: text: expected text, got a list"),
        ("path: a/b", "f:1:7: path: '/' expected but 'a' found at '[a]/b'"),
        ("path: /a/", "f:1:10: path: label char expected but end of input found at '/a/[]'"),
        ("path: '/a b'", "f:1:11: path: end of input expected but 'b' found at '/a [b]'"),
        ("path: []", "f:1:7: path: expected a path, got a list"),
        (
            "dtab: |\n  /a => /b ;\n    /c => /d@e ;\n",
            "f:3:13: dtab: end of input expected but '@' found at '  /c => /d[@]e ;'",
        ),
        ("dtab: |2\n   /a =>\n", "f:2:9: dtab: simple expected but end of input found at ' /a =>[]'"),
        ("dtab: /a", "f:1:9: dtab: '=' expected but end of input found at '/a[]'"),
        ("dtab: 'a'", "f:1:8: dtab: '/' expected but 'a' found at '[a]'"),
        ("port: 99999999", "f:1:7: port: 99999999 is not a port: expected 0..65535"),
        ("port: -1", "f:1:7: port: -1 is not a port: expected 0..65535"),
        ('port: "4140"', "f:1:7: port: expected an integer, got the text '4140'"),
        ("ip: localhost", "f:1:5: ip: 'localhost' is not an IP string literal."),
        ("level: info", "f:1:8: level: unknown value 'info'; did you mean 'INFO'?"),
        ("mode: stael", "f:1:7: mode: unknown value 'stael'; did you mean 'stale'?"),
        ("mode: []", "f:1:7: mode: expected one of default, stale, got a list"),
        ("side: up", "f:1:7: side: unknown value 'up'; known: left, right"),
        ("directory: /no/such", "f:1:12: directory: /no/such is not a directory"),
        ("file: /", "f:1:7: file: / is not a file"),
        ("regex: '('", "f:1:8: regex: not a regular expression: missing ), unterminated subpattern at position 0"),
        ("name: ''", "f:1:7: name: must not be empty"),
        ("wait: -5", "f:1:7: wait: -5 milliseconds is too small: expected at least 0"),
        ("fraction: 1.5", "f:1:11: fraction: 1.5 is out of range: expected 0.0..1.0"),
        ("address: {port: 1}", "f:1:10: address: host is required"),
        ("address: {host: null}", "f:1:10: address: host is required"),
        ("address: zk", "f:1:10: address: expected a mapping, got the text 'zk'"),
        ("shape: circle", "f:1:8: shape: expected a mapping with 'kind', got the text 'circle'"),
        ("shape: {radius: 1}", "f:1:8: shape: kind is required; known: circle, square"),
        ("shape: {kind: null}", "f:1:8: shape: kind is required; known: circle, square"),
        ("shape: {kind: []}", "f:1:15: shape: expected the kind of a shape, got a list"),
        ("shape: {kind: crcle}", "f:1:15: shape: unknown kind 'crcle'; did you mean 'circle'?"),
        ("shape: {kind: x}", "f:1:15: shape: unknown kind 'x'; known: circle, square"),
        ("shape: {kind: cube, side: 1}", "f:1:15: shape: cube: not implemented yet"),
        ("shape: {kind: line}", "f:1:15: shape: line: it has no area"),
        ("shape: {kind: circle}", "f:1:8: shape: radius is required"),
        (
            "shape: {kind: circle, radius: 0}",
            "f:1:31: shape.radius: 0 is too small: expected at least 1",
        ),
        (
            "shape: {kind: square, experimental: 1}",
            "f:1:37: shape.experimental: expected true or false, got 1",
        ),
        ("colour: {kind: red, experimental: true}", "f:1:21: colour: unknown key 'experimental'; known: shade"),
        ("shapes: 5", "f:1:9: shapes: expected a mapping or a list, got 5"),
        ("shapes:\n- kind: circle\n  radius: x", "f:3:11: shapes[0].radius: expected an integer, got the text 'x'"),
        ("numbers: 1", "f:1:10: numbers: expected a list, got 1"),
        ("numbers: [1, x]", "f:1:14: numbers[1]: expected an integer, got the text 'x'"),
        ("numbers: [1, null]", "f:1:14: numbers[1]: expected an integer, got nothing"),
        ("weights: []", "f:1:10: weights: expected a mapping, got a list"),
        ("weights: {a: b}", "f:1:14: weights.a: expected a number, got the text 'b'"),
        ("range: {least: 10}", "f:1:16: range.least: 10 is more than 9"),
        ("range: {most: -1}", "f:1:8: range.least: 0 is more than -1"),
        ("range: {most: 100}", "f:1:8: range: too wide"),
        ("even: 9", "f:1:7: even: 9 is out of range: expected 0..8"),
        ("later: x", "f:1:1: later: later: not implemented yet"),
        ("nmber: 1", "f:1:1: unknown key 'nmber'; did you mean 'number'?"),
        ("size: 1", "f:1:1: unknown key 'size': renamed: use number"),
        ("for_: 1", "f:1:1: unknown key 'for_'; did you mean 'for'?"),
        ("text: a\nnumber: 1\ntext: b", "f:3:1: Duplicate field 'text'; it is on line 1 already"),
        ("weights: {a: 1, a: 2}", "f:1:17: weights: Duplicate field 'a'; it is on line 1 already"),
        ("- 1", "f:1:1: expected a mapping, got a list"),
        ("just words", "f:1:1: expected a mapping, got the text 'just words'"),
        ("text: [", "f:2:1: not YAML: while parsing a flow node, did not find expected node content"),
        ("a: b: c", "f:1:5: not YAML: mapping values are not allowed in this context"),
        ("text: 'x", "f:1:9: not YAML: while scanning a quoted scalar, found unexpected end of stream"),
        ("\ttext: x", "f:1:1: not YAML: a tab where YAML wants spaces"),
        ("range:\n  low: 1\n\thigh: 2", "f:3:1: not YAML: a tab where YAML wants spaces"),
        ("numbers:\n-\t- 1", "f:2:2: not YAML: a tab where YAML wants spaces"),
        ("text: \x07", "f:1:7: character U+0007 is not allowed in YAML"),
        ("text: a\nname: \ud800", "f:2:7: character U+D800 is not allowed in YAML"),
        ("<<: {text: a}", "f:1:1: merge keys (<<) are not supported: linkerd never merged them; repeat the keys"),
        ("text: *x", "f:1:7: alias *x has no anchor &x above it"),
        ("numbers: &a [*a]", "f:1:14: alias *a stands inside its own anchor"),
        ("text: !!python/name:os.system", "f:1:7: tag !!python/name:os.system is not supported"),
        ("range: !point {}", "f:1:8: tag !point is not supported"),
        ("? [a]\n: 1", "f:1:3: a key must be a plain word, not a list or a mapping"),
        ("numbers: " + "[" * 70, "f:1:74: nested deeper than 64 levels"),
    ],
)
def test_what_is_wrong_is_told_with_line_column_and_key(text: str, error: str):
    assert errors_of(text) == [error]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"number": 1,}', "f:1:14: not JSON: expected a key in double quotes, got '}'"),
        ('{"number" 1}', "f:1:11: not JSON: expected ':', got '1'"),
        ('{"number": 1', "f:1:13: not JSON: expected ',' or '}', got the end of the text"),
        ('{"numbers": [1 2]}', "f:1:16: not JSON: expected ',' or ']', got '2'"),
        ('{"number": }', "f:1:12: not JSON: expected a value, got '}'"),
        ('{"number": NaN}', "f:1:12: not JSON: expected a value, got 'N'"),
        ('{"number": 01}', "f:1:13: not JSON: expected ',' or '}', got '1'"),
        ('{"text": "a\nb"}', "f:1:12: not JSON: invalid control character at"),
        ('{"text": "a', "f:1:10: not JSON: unterminated string starting at"),
        ('{"text": "\\x"}', "f:1:11: not JSON: invalid \\escape"),
        ("{text: a}", "f:1:2: not JSON: expected a key in double quotes, got 't'"),
        ('{"text": "a"} b', "f:1:15: not JSON: expected the end of the document, got 'b'"),
        ('{"text": "a",\n "text": "b"}', "f:2:2: Duplicate field 'text'; it is on line 1 already"),
        ('{"number": "1"}', "f:1:12: number: expected an integer, got the text '1'"),
        ('{"numbers": ' + "[" * 70, "f:1:77: nested deeper than 64 levels"),
        ('{"text": "\\ud800"}', "f:1:10: not JSON: half a surrogate pair is no character"),
        ('{"path": "/a/"}', "f:1:14: path: label char expected but end of input found at '/a/[]'"),
    ],
)
def test_a_document_that_begins_with_a_brace_is_json_and_its_errors_point_too(text: str, error: str):
    assert errors_of(text) == [error]


def test_json_may_be_indented_by_tabs_and_follow_blank_lines_and_a_byte_order_mark():
    text = (
        '\ufeff\n \t{\n\t"number":\t1,\n\t"shape": {"kind": "circle", "radius": 2}, "text": "\\u00e9", "ratio": 1E2}\n'
    )
    assert bind_config(All, text, "f") == All(number=1, shape=Circle(radius=2), text="é", ratio=100.0)


def test_all_errors_are_told_at_once_in_file_order():
    text = "number: x\nshape:\n  kind: circle\n  radius: 0\n  edge: 1\nport: -1\nnobody: 1\n"
    assert [error.split(" ")[0] for error in errors_of(text)] == ["f:1:9:", "f:4:11:", "f:5:3:", "f:6:7:", "f:7:1:"]


def test_the_errors_are_there_as_values_too():
    with pytest.raises(ConfigErrors) as caught:
        bind_config(All, "shape: {kind: crcle}", "f")
    (error,) = caught.value.errors
    assert (error.mark.line, error.mark.column, error.path) == (1, 15, "shape")
    assert caught.value.name == "f"


def test_missing_keys_are_named_or_told_in_the_words_of_the_class():
    assert errors_of("{}", Needs) == ["f:1:1: `dst` is a required field", "f:1:1: rootDir is required"]


@pytest.mark.parametrize("text", ["", " \n", "# nothing\n", "---\n", "--- ~\n", "---\n...\n"])
def test_an_empty_document_lacks_its_required_keys_and_nothing_else(text: str):
    assert errors_of(text, Needs) == ["f:1:1: `dst` is a required field", "f:1:1: rootDir is required"]
    assert bind_config(All, text, "f") == All()


@pytest.mark.parametrize("null", ["", "~", "null", "Null", "NULL"])
def test_null_is_as_good_as_absent(null: str):
    keys = ("number", "text", "shape", "shapes", "colour", "later", "port", "range", "weights")
    assert bind_config(All, "".join(f"{key}: {null}\n" for key in keys), "f") == All()


def test_only_the_first_document_is_read():
    assert bind_config(All, "number: 1\n---\nnumber: x\n", "f") == All(number=1)
    assert bind_config(All, "%YAML 1.1\n---\nnumber: 1\n...\n@@@\n", "f") == All(number=1)


def test_anchors_on_scalars_and_blocks_can_be_used_again():
    text = "number: &n 3\nwait: *n\nshapes:\n- &s {kind: circle, radius: 2}\n- *s\n"
    assert bind_config(All, text, "f") == All(number=3, wait=3, shapes=(Circle(radius=2), Circle(radius=2)))


def test_aliases_that_would_expand_without_end_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    (error,) = errors_of("\n".join(lines))
    assert error.endswith("more than 100000 nodes, aliases expanded")


def test_a_long_text_cannot_be_repeated_without_end_either():
    (error,) = errors_of("text: &a " + "x" * 500_000 + "\nnumbers: [" + "*a, " * 20 + "]")
    assert error.endswith("more than 100000 nodes, aliases expanded")


def test_after_a_hundred_errors_the_rest_is_left_out():
    errors = errors_of("".join(f"a{i}: 1\n" for i in range(40_000)))
    assert len(errors) == 101
    assert errors[-1] == "f:101:1: more than 100 errors; the rest is not shown"


def test_messages_repeat_long_words_in_part():
    assert errors_of("x" * 1000 + ": 1")[0].startswith("f:1:1: unknown key 'xxx")
    assert all(len(error) < 400 for key in ("mode", "number", "shape") for error in errors_of(f"{key}: {'x' * 9999}"))


@pytest.mark.parametrize(
    "text", ["1" * 900_000 + "x", "1_" * 450_000 + ".", "[" * 900_000, "-" * 900_000, "x" * 900_000]
)
def test_hostile_scalars_are_refused_in_one_pass(text: str):
    assert errors_of(f"number: {text}")


def test_a_document_that_is_too_large_is_refused():
    (error,) = errors_of("text: " + "x" * (1 << 20))
    assert error == "f:1:1: the configuration has 1048582 characters, more than 1048576"


def test_errors_of_a_text_of_many_lines_are_one_line_each():
    (error,) = errors_of('{"text": {"a\\nb": 1}, "flag": "x\\ny"}'.replace('"text": {"a\\nb": 1}, ', ""))
    assert "\n" not in error


def test_the_marks_tell_where_an_object_stood_and_which_keys_it_had():
    bound = bind(All, "number: 1\nshape:\n  kind: square\n  experimental: true\n  side: 2\nrange: {}\n", "f")
    shape = bound.marks.get(bound.value.shape)
    assert shape is not None
    assert (shape.path, shape.mark.line, shape.tag, shape.kind, shape.what) == ("shape", 3, "kind", "square", "shape")
    assert (shape.experimental, shape.enabled, list(shape.keys)) == (True, True, ["side"])
    whole = bound.marks.get(bound.value)
    assert whole is not None
    assert list(whole.keys) == ["number", "shape", "range"]
    assert bound.marks.get(bound.value.address) is None


def test_an_error_found_later_points_at_the_key_or_else_at_the_block():
    bound = bind(All, "range:\n  most: 5\n", "f")
    assert bound.marks.error(bound.value.range, "no", "most").show("f") == "f:2:9: range.most: no"
    assert bound.marks.error(bound.value.range, "no", "least").show("f") == "f:2:3: range.least: no"
    assert bound.marks.error(bound.value.range, "no").show("f") == "f:2:3: range: no"
    assert bound.marks.error(All(), "no", "port").show("f") == "f:1:1: port: no"


def test_one_block_of_a_registry_can_be_bound_alone():
    assert bind_kind(SHAPES, "kind: circle\nradius: 2", "f") == Circle(radius=2)


def test_checks_tell_the_unit():
    with pytest.raises(ValueError, match="0 seconds is too small: expected at least 1"):
        at_least(1, "seconds")(0)


SCRAPS = st.lists(
    st.sampled_from(
        [
            *"{}[]:,-&*|>#'\"%@!?\n \t\\",
            "number",
            "shape",
            "kind: circle",
            "text: ",
            "null",
            "&a ",
            "*a",
            "<<: ",
            "---\n",
        ]
        + [
            '"text": ',
            "- ",
            "1",
            "dtab: |\n",
            "  /a => /b;\n",
            "!!str ",
            "\r\n",
            "\x85",
            "\u2028",
            "é",
            "\x00",
            "\ud800",
        ]
    ),
    max_size=40,
).map("".join)


@given(st.text(max_size=80) | SCRAPS | SCRAPS.map(lambda text: "{" + text))
@example("? ")
@example("&a *a")
@example("text: >\n\n  a\n")
def test_any_text_is_a_configuration_or_errors_and_nothing_else(text: str):
    errors = []
    try:
        assert isinstance(bind_config(All, text, "f"), All)
    except ConfigErrors as refused:
        errors = refused.errors
    breaks = sum(text.count(each) for each in "\n\r\x85\u2028\u2029")
    assert all(1 <= error.mark.line <= breaks + 2 and error.mark.column >= 1 for error in errors)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), JSON, min_size=1, max_size=4), st.sampled_from([None, 2, "\t"]))
def test_the_json_reader_reads_what_the_standard_library_writes(value: dict[str, Any], indent: str | int | None):
    from namer.nodes import ListNode, MapNode, Node
    from namer.yaml_nodes import read_nodes

    def plain(node: Node) -> Any:
        if isinstance(node, MapNode):
            return {key.text: plain(each) for key, each in node.entries}
        if isinstance(node, ListNode):
            return [plain(each) for each in node.items]
        return json.loads(node.text) if node.plain else node.text

    for ascii_only in (True, False):
        node = read_nodes(json.dumps(value, indent=indent, ensure_ascii=ascii_only))
        assert node is not None
        assert plain(node) == value
