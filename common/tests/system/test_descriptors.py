import os
import resource

import pytest

from serving_runtime.system import descriptors


@pytest.fixture
def pipe():
    """Return a pipe's ends; a test closes what it has moved."""
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)


@pytest.fixture
def limit():
    """Return a function that sets how many files may be open; the limit is put back."""
    former = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield lambda number: resource.setrlimit(resource.RLIMIT_NOFILE, (number, former[1]))
    resource.setrlimit(resource.RLIMIT_NOFILE, former)


def test_a_moved_descriptor_is_out_of_reach(pipe):
    """It has another number, programs do not inherit it, and the former one is free."""
    reader, writer = pipe
    os.set_inheritable(writer, True)
    number = descriptors.moved(writer)
    assert number > 256
    assert not os.get_inheritable(number)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(writer)
    os.write(number, b"moved")
    os.close(number)
    assert os.read(reader, 9) == b"moved"


def test_a_copied_descriptor_stays_where_it_was_too(pipe):
    """Both lead to the same place."""
    reader, writer = pipe
    number = descriptors.copied(writer)
    for descriptor in (number, writer):
        os.write(descriptor, b"x")
        os.close(descriptor)
    assert os.read(reader, 9) == b"xx"


@pytest.mark.parametrize("number", [300, 64])
def test_a_low_limit_leaves_room(pipe, limit, number):
    """Where few files may be open, the number is as high as there is room for ours."""
    limit(number)
    copies = [descriptors.copied(pipe[1]) for _ in range(20)]
    assert all(number - descriptors.ROOM <= it < number for it in copies)
    for it in (*copies, pipe[1]):
        os.close(it)


def test_any_number_will_do_where_all_others_are_taken(pipe, limit):
    """The service goes on for as long as there is one."""
    limit(128)
    copies = [descriptors.copied(pipe[1]) for _ in range(descriptors.ROOM + 9)]
    assert min(copies) < 128 - descriptors.ROOM
    for it in (*copies, pipe[1]):
        os.close(it)
