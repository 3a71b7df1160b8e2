"""What a reply that is not good means to a person: refused, with the right to grant, or out of reach."""

from underway.errors import Refused, Unreachable
from underway.kube.reply import Reply

FORBIDDEN = (401, 403)


def checked(reply: Reply, what: str, grant: str = "") -> Reply:
    """The reply, if it is good.

    what: was tried, for messages; grant: the verbs that it needs, where somebody may have to be given them. Raises Refused,
    Unreachable.
    """
    if reply.code in FORBIDDEN:
        raise Refused(f"cannot {what}: {reply.message}" + (f"; grant {grant} on it" if grant else ""))
    if not reply.ok:
        raise Unreachable(f"cannot {what}: {reply.message}")
    return reply
