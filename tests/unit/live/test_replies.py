"""What a person is told of a reply that is not good."""

import pytest

from underway.errors import Refused, Unreachable
from underway.kube.reply import Reply, Status
from underway.kube.request import Request
from underway.kube.resource import PODS
from underway.live.replies import checked


def reply(code: int) -> Reply:
    status = Status(message="pods is forbidden") if code in (401, 403) else None
    return Reply(request=Request(id=1, verb="list", resource=PODS), code=code, status=status)


def test_a_good_reply_is_handed_on() -> None:
    good = reply(200)
    assert checked(good, "list pods") is good


@pytest.mark.parametrize("code", [401, 403])
def test_a_refusal_names_the_right_to_grant_where_one_helps(code: int) -> None:
    with pytest.raises(Refused) as caught:
        checked(reply(code), "list pods", "the verbs get and list")
    assert str(caught.value) == "cannot list pods: pods is forbidden; grant the verbs get and list on it"
    with pytest.raises(Refused) as caught:
        checked(reply(code), "list pods")
    assert str(caught.value) == "cannot list pods: pods is forbidden"


@pytest.mark.parametrize("code", [0, 429, 500])
def test_everything_else_is_out_of_reach(code: int) -> None:
    with pytest.raises(Unreachable, match="cannot list pods: "):
        checked(reply(code), "list pods")
