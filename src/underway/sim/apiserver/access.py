"""Who calls, and whether they may: users from certificates and tokens, impersonation, and one authorization hook.

Owns the refusals 401 and 403 in the real server's words. It does not know where a certificate came from
(`sim.apiserver.asgi`). Source: "Authenticating", "User impersonation"; apiserver pkg/endpoints/handlers/responsewriters.
"""

from collections.abc import Callable, Mapping

import msgspec

from underway.sim.apiserver.status import StatusError

MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
# What the role system:public-info-viewer opens to everybody, and system:discovery to everybody who is known.
PUBLIC = ("/healthz", "/livez", "/readyz", "/version")
DISCOVERY = (*PUBLIC, "/api", "/apis", "/openapi")


class User(msgspec.Struct, frozen=True):
    """A caller. groups: as the authenticator found them."""

    name: str
    groups: tuple[str, ...] = ()


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))


class Attributes(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. resource: plural, with "/subresource" where there is one; path: set when it is no resource."""

    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


Authorize = Callable[[User, Attributes], bool]


def masters_only(user: User, attributes: Attributes) -> bool:
    """The rule when a test gives no other: administrators may do anything, everybody else may look where the API begins."""
    if MASTERS in user.groups:
        return True
    opened = DISCOVERY if AUTHENTICATED in user.groups else PUBLIC
    path = attributes.path
    return attributes.verb == "get" and any(path == prefix or path.startswith(f"{prefix}/") for prefix in opened)


def from_subject(subject: Mapping[str, tuple[str, ...]]) -> User | None:
    """The user of a verified client certificate: commonName is the name, each organizationName a group."""
    names = subject.get("commonName", ())
    return User(names[0], (*subject.get("organizationName", ()), AUTHENTICATED)) if names else None


def authenticate(certified: User | None, headers: Mapping[str, str], tokens: Mapping[str, User]) -> User:
    """The caller: by certificate, else by bearer token, else nobody in particular. Raises StatusError 401."""
    if certified is not None:
        return certified
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if not scheme:
        return ANONYMOUS
    found = tokens.get(token.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise StatusError(401, "Unauthorized", "Unauthorized")
    return found


def impersonate(user: User, name: str, groups: tuple[str, ...], authorize: Authorize) -> User:
    """The user that Impersonate-User and Impersonate-Group name. Raises StatusError 403."""
    for resource, wanted in (("users", name), *(("groups", group) for group in groups)):
        check(user, Attributes(verb="impersonate", resource=resource, name=wanted), authorize)
    return User(name, groups if AUTHENTICATED in groups else (*groups, AUTHENTICATED))


def check(user: User, attributes: Attributes, authorize: Authorize) -> None:
    """Raise StatusError 403 unless the user may."""
    if authorize(user, attributes):
        return
    verb, path = attributes.verb, attributes.path
    if path:
        raise StatusError(403, "Forbidden", f'forbidden: User "{user.name}" cannot {verb} path "{path}"', {})
    plural = attributes.resource.partition("/")[0]
    details = {"name": attributes.name} if attributes.name else {}
    details |= {"group": attributes.group} if attributes.group else {}
    what = f"{plural}.{attributes.group}" if attributes.group else plural
    named = f' "{attributes.name}"' if attributes.name else ""
    scope = f'in the namespace "{attributes.namespace}"' if attributes.namespace else "at the cluster scope"
    message = (
        f'{what}{named} is forbidden: User "{user.name}" cannot {verb} resource "{attributes.resource}" '
        f'in API group "{attributes.group}" {scope}'
    )
    raise StatusError(403, "Forbidden", message, {**details, "kind": plural})
