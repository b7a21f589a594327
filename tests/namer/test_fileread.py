"""Which directory entries decide what a path leads to."""

import os

import pytest

from namer.fileread import ANY, examine_directory, examine_file, signature, trace


@pytest.fixture
def root(tmp_path):
    real = tmp_path.resolve()
    (real / "dir").mkdir()
    (real / "dir" / "web").write_text("text")
    return str(real)


def test_a_plain_file_depends_on_its_own_entry(root):
    assert trace(f"{root}/dir/web") == {(f"{root}/dir", "web")}


def test_a_directory_depends_on_every_entry_in_it(root):
    assert trace(f"{root}/dir", directory=True) == {(f"{root}/dir", ANY)}


def test_every_link_on_the_way_counts(root):
    os.symlink("dir", f"{root}/link")
    os.symlink(f"{root}/link/../dir/web", f"{root}/dir/again")
    wanted = {(root, "link"), (f"{root}/dir", "again"), (f"{root}/dir", "web")}
    assert trace(f"{root}/link/again") == wanted


def test_what_is_missing_is_waited_for_where_it_would_appear(root):
    assert trace(f"{root}/no/such/web") == {(root, "no")}
    os.symlink("no/such", f"{root}/dangling")
    assert trace(f"{root}/dangling") == {(root, "dangling"), (root, "no")}


def test_a_file_in_the_place_of_a_directory_is_the_end(root):
    assert trace(f"{root}/dir/web/x") == trace(f"{root}/dir/web", directory=True) == {(f"{root}/dir", "web")}


def test_a_circle_of_links_ends_and_leads_nowhere(root):
    os.symlink("two", f"{root}/one")
    os.symlink("one", f"{root}/two")
    assert trace(f"{root}/one") == {(root, "one"), (root, "two")}
    assert examine_file(f"{root}/one", 10).value is None
    assert examine_directory(f"{root}/one").value == {}


def test_a_signature_changes_with_the_file_even_when_its_time_is_set_back(root):
    path = f"{root}/dir/web"
    before, stat = signature(path), os.stat(path)
    with open(path, "w") as file:
        file.write("TEXT")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns - 10**9))
    assert signature(path) != before
    assert signature(f"{root}/nosuch") is signature("nul\0") is None


def test_what_was_just_written_is_not_trusted_and_what_is_old_is(root):
    path = f"{root}/dir/web"
    assert not examine_file(path, 10).trusted
    assert examine_file("/proc/self/exe", 10**9).trusted
