import pytest

from serving_runtime.errors import Status


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_reply_may_have_just_the_limit(predictor, make_call, more):
    """The message has both sizes, and names RUNTIME_MAX_MESSAGE_BYTES."""
    [whole] = predictor().answer([make_call()])
    size = len(whole.payload)
    [reply] = predictor(max_message_bytes=size - more).answer([make_call()])
    if more <= 0:
        assert reply.payload == whole.payload
    else:
        assert reply.status == Status.RESOURCE_EXHAUSTED
        assert reply.details == (
            f"the reply has {size} bytes, RUNTIME_MAX_MESSAGE_BYTES allows {size - 1}"
        )


@pytest.mark.parametrize(("more", "stacks"), [(-1, [2]), (0, [3]), (1, [3, 1])])
def test_a_stack_may_have_just_so_many_rows(predictor, make_call, model, more, stacks):
    """RUNTIME_MAX_BATCH_SIZE refuses nobody: one row more is the next stack's."""
    replies = list(predictor(max_batch_rows=3).answer([make_call() for _ in range(3 + more)]))
    assert {reply.status for reply in replies} == {Status.OK}
    assert [shape[0] for shape in model.shapes] == stacks
