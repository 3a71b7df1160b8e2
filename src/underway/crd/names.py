"""Names as the API allows them, and its sentences for those it does not.

Source: apimachinery pkg/api/validate/content and pkg/util/validation validation.go.
"""

import re

DNS1123_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = f"{DNS1123_LABEL}(\\.{DNS1123_LABEL})*"
DNS1035_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
LABEL_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
LABEL_LENGTH_MAX, SUBDOMAIN_LENGTH_MAX = 63, 253
_SUBDOMAIN, _DNS1035, _LABEL_KEY, _LABEL_VALUE = (
    re.compile(pattern) for pattern in (SUBDOMAIN, DNS1035_LABEL, LABEL_KEY, f"({LABEL_KEY})?")
)


def _expected(what: str, pattern: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{what} (e.g. {shown}regex used for validation is '{pattern}')"


def subdomain_problems(name: str) -> list[str]:
    """Why a name is no DNS subdomain (RFC 1123)."""
    found = [f"must be no more than {SUBDOMAIN_LENGTH_MAX} bytes"] if len(name) > SUBDOMAIN_LENGTH_MAX else []
    if not _SUBDOMAIN.fullmatch(name):
        what = (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
            "and end with an alphanumeric character"
        )
        found.append(_expected(what, SUBDOMAIN, "example.com"))
    return found


def dns1035_problems(name: str) -> list[str]:
    """Why a name is no DNS label (RFC 1035)."""
    found = [f"must be no more than {LABEL_LENGTH_MAX} bytes"] if len(name) > LABEL_LENGTH_MAX else []
    if not _DNS1035.fullmatch(name):
        what = (
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
            "and end with an alphanumeric character"
        )
        found.append(_expected(what, DNS1035_LABEL, "my-name", "abc-123"))
    return found


_ALPHABET = "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"


def label_key_problems(key: str) -> list[str]:
    """Why a text is no label or annotation key."""
    expected = _expected(f"must {_ALPHABET}", LABEL_KEY, "MyName", "my.name", "123-abc")
    if key.count("/") > 1:
        return [f"a valid label key {expected} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    prefix, slash, name = key.rpartition("/")
    found = []
    if slash:
        found += ["prefix part must be non-empty"] if not prefix else [f"prefix part {why}" for why in subdomain_problems(prefix)]
    if not name:
        found.append("name part must be non-empty")
    elif len(name) > LABEL_LENGTH_MAX:
        found.append(f"name part must be no more than {LABEL_LENGTH_MAX} bytes")
    if not _LABEL_KEY.fullmatch(name):
        found.append(f"name part {expected}")
    return found


def label_value_problems(value: str) -> list[str]:
    """Why a text is no label value."""
    found = [f"must be no more than {LABEL_LENGTH_MAX} bytes"] if len(value) > LABEL_LENGTH_MAX else []
    if not _LABEL_VALUE.fullmatch(value):
        what = f"a valid label must be an empty string or {_ALPHABET}"
        found.append(_expected(what, f"({LABEL_KEY})?", "MyValue", "my_value", "12345"))
    return found
