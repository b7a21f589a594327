from io import BytesIO
from pathlib import Path as FilePath

import pytest

from linker.config import NotAFile, load
from linker.config.load import STDIN
from namer.config import ConfigErrors
from tests.linker.config.common import MINIMAL, loaded, router


def test_a_file_is_read_and_its_name_begins_each_error(tmp_path: FilePath):
    path = tmp_path / "linker.yaml"
    path.write_text(MINIMAL)
    it = load(str(path), BytesIO())
    assert (it.text, it.name, it.warnings) == (MINIMAL, str(path), ())
    path.write_text(MINIMAL + "x: 1")
    with pytest.raises(ConfigErrors, match=rf"{path}:4:1: unknown key 'x'"):
        load(str(path), BytesIO())


def test_a_dash_reads_standard_input():
    it = load("-", BytesIO(MINIMAL.encode()))
    assert it.config == loaded(MINIMAL).config
    assert it.name == STDIN


@pytest.mark.parametrize("path", ["no/such", "/", "", "a\0b"])
def test_a_path_that_is_no_file_is_refused_in_the_words_of_linkerd(path: str):
    with pytest.raises(NotAFile, match=r"config is not a file: "):
        load(path, BytesIO())


def test_bytes_that_are_no_utf_8_are_refused_with_their_place():
    with pytest.raises(ConfigErrors, match=r"<stdin>:2:4: not UTF-8: byte 0xff"):
        load("-", BytesIO(b"a: 1\n\xc3\xa9: \xff"))


def test_an_endless_standard_input_is_not_read_to_its_end():
    class Endless(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 < size < 1 << 23
            return b"#" * size

    with pytest.raises(ConfigErrors, match="characters, more than"):
        load("-", Endless())


@pytest.mark.parametrize(
    ("dtab", "warning"),
    [
        ("/svc/x => 1 * $ & 1 * /f/web", "/svc/x=>$ & /f/web: the branch $ fails 50 % of the requests"),
        ("/x => /a | (3 * /b & 1 * !)", "/x=>/a | 3.00*/b & !: the branch ! fails 25 % of the requests"),
    ],
)
def test_a_share_of_the_requests_that_a_dtab_fails_is_warned_of(dtab: str, warning: str):
    assert loaded(router(f"dtab: '{dtab}'")).warnings == (f"f:4:9: routers[0].dtab: {warning}",)


@pytest.mark.parametrize(
    "dtab", ["/x => /a | $", "/x => !", "/x => 1 * /a & 2 * /b", "/x => 0 * $ & 1 * /a", "/x => ~ & /a"]
)
def test_dtabs_that_fail_nothing_by_share_are_not_warned_of(dtab: str):
    assert loaded(router(f"dtab: '{dtab}'")).warnings == ()
