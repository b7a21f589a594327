"""What is said about a text that is no dtab, path, … is what the original says, character by character."""

import pytest
from hypothesis import given

import dtab.parse
from dtab import Dentry, Dtab, DtabSyntaxError, NameTree, Path, Prefix
from tests.dtab.strategies import near_dtabs


def outcome(read, text):
    try:
        return read(text), None
    except DtabSyntaxError as error:
        return None, error


def message(read, text):
    return str(outcome(read, text)[1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("junk", "'/' expected but 'j' found at '[j]unk'"),
        ("nonsense", "'/' expected but 'n' found at '[n]onsense'"),
        ("/svc =>", "simple expected but end of input found at '/svc =>[]'"),
    ],
)
def test_recorded_answers_of_the_original(text, expected):
    assert message(Dtab.read, text) == expected


@pytest.mark.parametrize(
    "marked",
    [
        # <expected> : <text with the offending character in brackets>
        "'/' : [;]",
        "'/' : /a=>/b;[;]",
        "'/' : /a=>/b; [;] /c=>/d",
        "'/' : /a=>/b; [x]",
        "'=' : /a[]",
        "'=' : /a [>] /b",
        "'=' : /a[,]/b",
        "'=' : /a[*]=>/b",
        "'=' : /*[a]=>/b",
        "'=' : /[/]a=>/b",
        "'=' : /*[\\]x41=>/a",
        "'>' : /a=[]",
        "'>' : /a =[ ]> /b",
        "'>' : /a=[/]b",
        "simple : /a=>[]",
        "simple : /a=>/b | []",
        "simple : /a=>/b & #c[]",
        "simple : /a=>/b |[|] /c",
        "simple : /a=>[|]",
        "simple : /a=>[\u00a0]/b",
        "simple : /a=>([)]",
        "simple : /a=>[*]/b",
        "simple : /a=>2*[3]*/b",
        "simple : /a=>2*[.]",
        "simple : /a=>[-]1*/b",
        "'*' : /a=>1[]",
        "'*' : /a=>1 [2]*/b",
        "'*' : /a=>1[e]5*/b",
        "'*' : /a=>1 [.]5*/b",
        "'*' : /a=>1 [/]b",
        "number char : /a=>1.2[.]3*/b",
        "number char : /a=>1.[.]*/b",
        "number char : /a=>.[.]",
        "')' : /a=>(/b[]",
        "')' : /a=>(/b[;]",
        "')' : /a=>(/b | (~) [/]c",
        "end of input : /a=>/b [/]c",
        "end of input : /a=>/b[=]>/c",
        "end of input : /a=>/b[)]",
        "end of input : /a => /x [*]",
        "end of input : /a=>/b[*]",
        "end of input : /a=>/[*]",
        "end of input : /a=>~[~]",
        "end of input : /a=>$[f]oo",
        "end of input : /a=>(/b)[/]c",
        "end of input : /a=>/b[,]/c",
        "label char : /a/[=]>/b",
        "label char : /*/[=]>/b",
        "label char : /a=>/b/[]",
        "label char : /a=>/b/[/]c",
        "label char : /a=>/b/[ ]| /c",
        "label char : /a=>/b/[*]",
        "'x' : /a=>/b\\[q]",
        "'x' : /a=>/b/\\[]",
        "'x' : /\\[X]41=>/b",
        "hex char : /a=>/b\\x1[]",
        "hex char : /a=>/b\\x1[g]",
        "hex char : /a=>/b/\\x[z]z",
        "hex char : /\\x[]",
    ],
)
def test_the_message_points_at_the_first_character_that_cannot_stand(marked):
    expected, _, display = marked.partition(" : ")
    # The last bracket pair is the mark: none of the texts holds another.
    character = display[display.index("[") + 1 : display.index("]")]
    found = f"'{character}'" if character else "end of input"
    text = display.replace("[", "").replace("]", "")
    assert message(Dtab.read, text) == f"{expected} expected but {found} found at '{display}'"


def test_a_lone_dot_is_reported_behind_itself():
    assert message(Dtab.read, "/a=>. */b") == "weight expected but '.' found at '/a=>.[ ]*/b'"
    assert message(Dtab.read, "/a=>.") == "weight expected but '.' found at '/a=>.[]'"


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (Path.read, "", "'/' expected but end of input found at '[]'"),
        (Path.read, "/shop/", "label char expected but end of input found at '/shop/[]'"),
        (Path.read, "/p//q/", "label char expected but '/' found at '/p/[/]q/'"),
        (Path.read, "/a@b", "end of input expected but '@' found at '/a[@]b'"),
        (Path.read, "/a b", "end of input expected but 'b' found at '/a [b]'"),
        (Path.read, "/*", "end of input expected but '*' found at '/[*]'"),
        (Prefix.read, "/a*", "end of input expected but '*' found at '/a[*]'"),
        (Prefix.read, "x", "'/' expected but 'x' found at '[x]'"),
        (Dentry.read, "", "'/' expected but end of input found at '[]'"),
        (Dentry.read, "/a=>/b;", "end of input expected but ';' found at '/a=>/b[;]'"),
        (NameTree.read, "", "simple expected but end of input found at '[]'"),
        (NameTree.read, "/a;", "end of input expected but ';' found at '/a[;]'"),
        (NameTree.read, "(/a))", "end of input expected but ')' found at '(/a)[)]'"),
    ],
)
def test_each_document_has_its_own_end(read, text, expected):
    assert message(read, text) == expected


@pytest.mark.parametrize("read", [Path.read, Prefix.read, NameTree.read, Dentry.read, Dtab.read])
@given(text=near_dtabs)
def test_any_text_gives_a_value_that_shows_alike_or_the_error(read, text):
    value, error = outcome(read, text)
    if error is None:
        again = read(value.show())  # not always equal: 0.999 shows as 1.00, which reads as 1 and shows as nothing
        assert read(again.show()) == again
    else:
        assert error.text == text
        assert 0 <= error.position <= len(text)
        assert str(error).startswith(f"{error.expected} expected but {error.found} found at '")


def test_the_parser_is_built_once():
    assert dtab.parse.parser() is dtab.parse.parser()
