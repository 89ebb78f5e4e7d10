"""Server-sent events are taken apart however the network cut them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from caviar.wire.event_stream import HEARTBEAT, Message, messages, written

MESSAGES = st.builds(
    Message,
    kind=st.sampled_from(["search", "deleted"]),
    id=st.sampled_from(["", "7", "12345678901234567890"]),
    text=st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])),
)


@given(told=st.lists(MESSAGES, max_size=5), cuts=st.lists(st.integers(0, 400), max_size=8), is_crlf=st.booleans())
def test_what_was_written_is_read_again_wherever_it_is_cut(told: list[Message], cuts: list[int], is_crlf: bool) -> None:
    text = "retry: 2000\n\n" + HEARTBEAT.join(map(written, told))
    whole = (text.replace("\n", "\r\n") if is_crlf else text).encode()
    ends = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    assert list(messages(whole[a:b] for a, b in pairwise(ends))) == told


def test_an_event_that_was_cut_off_is_left_out() -> None:
    whole = written(Message("search", "7", "{}"))
    assert list(messages([whole.encode(), whole[:-1].encode()])) == [Message("search", "7", "{}")]


def test_what_a_newer_server_adds_does_not_disturb() -> None:
    told = b"mood: good\nid:7\nevent:search\ndata:{}\n\nevent: empty\n\n: a comment\n\ndata: plain\n\n"
    assert list(messages([told])) == [Message("search", "7", "{}"), Message("message", "", "plain")]
