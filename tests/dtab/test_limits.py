"""Hostile texts: what is refused is refused before the parser, the only costly part, is entered."""

import contextlib

import pytest

import dtab.parse
from dtab import CONFIGURED_LIMIT, REQUEST_LIMIT, Dentry, Dtab, DtabSyntaxError, NameTree, Path, Prefix
from dtab.limits import CHARS_PER_BRANCH, MAX_NESTING

BRANCHES = REQUEST_LIMIT // CHARS_PER_BRANCH


@pytest.fixture
def unparsed(monkeypatch):
    """Fails the test when the parser is entered."""
    monkeypatch.setattr(dtab.parse, "parser", lambda: pytest.fail("the parser was entered"))


@pytest.mark.parametrize("read", [Path.read, Prefix.read, NameTree.read, Dentry.read, Dtab.read])
@pytest.mark.parametrize(
    "text",
    [
        "/a=>" + "(" * 8188,
        "(" * 8192,
        "|" * 100_000,
        "/a=>" + "~&" * 4090 + "~",
        "/=>~;" * 1638,
        "9" * 100_000,
        "/" + "a" * REQUEST_LIMIT,
        "\x00" * 100_000,
        "#" * 100_000,
        "/a=>" + "(" * (MAX_NESTING + 1) + "/b" + ")" * (MAX_NESTING + 1),
    ],
)
@pytest.mark.usefixtures("unparsed")
def test_a_text_beyond_the_limits_is_refused_unparsed_with_a_short_message(read, text):
    with pytest.raises(DtabSyntaxError) as caught:
        read(text)
    assert len(str(caught.value)) < 400


def test_each_limit_itself_is_allowed():
    assert Path.read("/" + "a" * (REQUEST_LIMIT - 1))
    assert len(Dtab.read(";".join(["/=>~"] * BRANCHES) + ";")) == BRANCHES
    assert NameTree.read("(" * MAX_NESTING + "/a" + ")" * MAX_NESTING) == NameTree.read("/a")


def test_a_larger_limit_admits_more():
    text = "/svc/web=>/web;" * 1000
    with pytest.raises(DtabSyntaxError, match=r"^at most 8192 characters expected but 15000 found at '/svc"):
        Dtab.read(text)
    assert len(Dtab.read(text, limit=CONFIGURED_LIMIT)) == 1000


def test_nesting_has_its_place_in_the_message():
    text = "/a=>" + "(" * (MAX_NESTING + 1)
    with pytest.raises(DtabSyntaxError, match="^at most 100 nested parentheses expected but '\\('") as caught:
        Dtab.read(text)
    assert caught.value.position == len(text) - 1


def test_parentheses_in_comments_and_side_by_side_do_not_nest():
    comments = "# (\n" * (MAX_NESTING + 1)
    assert Dtab.read(comments + "/a=>/b").show() == "/a=>/b"
    assert NameTree.read("|".join(["(/a#1)"] * (MAX_NESTING + 1)))
    with pytest.raises(DtabSyntaxError, match="nested parentheses"):
        NameTree.read("/x#1|" + "(" * (MAX_NESTING + 1))


@pytest.mark.parametrize(
    "text",
    [
        "/a=>" + "9" * 8000 + "*/a",
        "/a=>" + "9" * 8000 + ".",
        "/" * 8192,
        "/a" * 4096,
        "\\" * 8192,
        "/" + "\\x41" * 2000,
        " " * 8192,
        "#\n" * 4096,
        "/a=>/b" + " #\n" * 2700 + "x",
        "/a=>" + "/b" * 4000 + "/",
        "/a=>(" + "~|" * 500,
    ],
)
def test_what_is_parsed_gives_a_dtab_or_the_error(text):
    # Anything else than these two outcomes, RecursionError for one, fails the test.
    with contextlib.suppress(DtabSyntaxError):
        Dtab.read(text)
