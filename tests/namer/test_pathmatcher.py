"""Path patterns: the table of linkerd.md section 3.6.3 and its oddities."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtab import Path
from namer.pathmatcher import PathMatcher, PathTooShort, substitute


@pytest.mark.parametrize(
    ("pattern", "path", "values"),
    [
        ("", "/a/b", {}),
        ("/", "/", {}),
        ("/a", "/a/b", {}),
        ("a", "/a", {}),
        ("///a", "/a", {}),
        ("/a/", "/a", {}),
        ("/a//b", "/a/b", None),
        ("/a/b", "/a", None),
        ("/a", "/A", None),
        ("/*/b", "/x/b", {}),
        ("/*x", "/yx", None),  # only a whole element is a wildcard
        ("/{a}", "/x/y", {"a": "x"}),
        ("/{a}/{b}", "/x", None),
        ("/{team}/*/{svc}-svc", "/pay/eu/cart-svc/extra", {"team": "pay", "svc": "cart"}),
        ("/x{a}", "/zxq", {"a": "q"}),  # anchored nowhere
        ("/{a}x", "/qxz", {"a": "q"}),
        ("/{a}{b}", "/xy", {"a": "xy", "b": ""}),  # greedy
        ("/{a}-{b}", "/x-y-z", {"a": "x-y", "b": "z"}),
        ("/a.b{c}", "/axbq", None),  # a dot is a dot
        ("/a.b{c}", "/a.bq", {"c": "q"}),
        ("/$/inet/{host}/{port}", "/$/inet/127.1/8080", {"host": "127.1", "port": "8080"}),
        ("/${a}", "/$x", {"a": "x"}),
        ("/#/io.l5d.fs/{service}", "/#/io.l5d.fs/web", {"service": "web"}),
        ("/{a}/{a}", "/x/y", {"a": "y"}),
        ("/{no-variable}", "/x", None),  # a hyphen makes it text
        ("/{A_b.c:1}", "/x", {"A_b.c:1": "x"}),
        ("/{}", "/x", None),
        (r"/{a}", r"/a\x20b", {"a": r"\x61\x20\x62"}),  # compared as shown
        (r"/\x61\x20\x62", "/a\\x20b", {}),
    ],
)
def test_a_pattern_gives_the_values_of_its_variables(pattern, path, values):
    assert PathMatcher(pattern).extract(Path.read(path)) == values


@pytest.mark.parametrize(("pattern", "path"), [("/*", "/"), ("/a/*", "/a"), ("/{a}/*/b", "/x")])
def test_a_wildcard_without_an_element_is_an_error(pattern, path):
    with pytest.raises(PathTooShort, match=re.escape(f"the path {path} has no element for a '*' of the pattern")):
        PathMatcher(pattern).extract(Path.read(path))


def test_a_mismatch_before_a_missing_wildcard_is_no_error():
    assert PathMatcher("/a/*").extract(Path.read("/b")) is None


def test_values_replace_every_occurrence_and_unknown_variables_stay():
    assert substitute("/srv/{svc}/{team}/{svc}/{other}/{-}", {"svc": "a", "team": "b"}) == "/srv/a/b/a/{other}/{-}"


def test_values_are_not_substituted_again():
    assert substitute("{a}{b}", {"a": "{b}", "b": "x"}) == "{b}x"


def test_a_matcher_knows_its_variables_and_compares_by_its_pattern():
    assert PathMatcher("/{a}-{b}/c").variables == {"a", "b"}
    assert PathMatcher("/{a}") == PathMatcher("/{a}") != PathMatcher("/{b}")
    assert str(PathMatcher("/{a}")) == "/{a}"
    assert len({PathMatcher("/a"), PathMatcher("/a")}) == 1


LABELS = st.binary(min_size=1, max_size=6)


@given(st.lists(LABELS, max_size=5))
def test_a_pattern_of_one_variable_an_element_takes_a_path_apart(labels):
    path = Path(labels)
    names = [f"v{i}" for i in range(len(path))]
    values = PathMatcher("".join(f"/{{{name}}}" for name in names)).extract(path)
    assert values is not None
    assert Path.read(substitute("".join(f"/{{{name}}}" for name in names) or "/", values)) == path


@given(st.text(alphabet="/{}*.a-$x", max_size=12), st.lists(LABELS, max_size=4))
def test_any_pattern_matches_or_does_not_or_says_that_a_path_is_too_short(pattern, labels):
    matcher = PathMatcher(pattern)
    try:
        values = matcher.extract(Path(labels))
    except PathTooShort:
        assert "*" in pattern
    else:
        assert values is None or values.keys() == matcher.variables
