"""Who gets SIGTERM: what was measured with real shells, and what can be read of a command."""

import pytest

from underway.lint.shell import Fate, fate_of_term, script_of, seconds_slept, wrapper_of


@pytest.mark.parametrize(
    ("argv", "fate"),
    [
        (["dash", "-c", "sleep 30"], Fate.KEPT),
        (["dash", "-c", "java -jar app.jar"], Fate.KEPT),
        (["dash", "-c", "exec java"], Fate.REACHED),
        (["dash", "-c", "trap 'kill $child' TERM; app & child=$!; wait $child"], Fate.REACHED),
        (["bash", "-c", "app"], Fate.REACHED),
        (["bash", "-c", "migrate && app"], Fate.REACHED),
        (["bash", "-c", "migrate && app; echo ended"], Fate.KEPT),
        (["bash", "-c", "app | tee log"], Fate.KEPT),
        (["bash", "-c", "cd /srv; export A=b; app --port 80"], Fate.REACHED),
        (["bash", "-c", "while true; do app; done"], Fate.KEPT),
        (["bash", "-c", "app &"], Fate.KEPT),
        (["busybox", "sh", "-c", "app"], Fate.REACHED),
        (["sh", "-c", "app"], Fate.DEPENDS),
        (["/bin/sh", "-ec", "app; echo ended"], Fate.KEPT),
        (["/bin/sh", "-e", "-c", "exec app"], Fate.REACHED),
        (["env", "A=b", "sh", "-c", "app"], Fate.DEPENDS),
        (["tini", "--", "sh", "-c", "app; true"], Fate.KEPT),
        (["tini", "-g", "--", "sh", "-c", "app; true"], Fate.REACHED),
        (["dumb-init", "sh", "-c", "app; true"], Fate.REACHED),
        (["sh", "-c", "exec java \\\n  -Xmx1g \\\n  -jar app.jar\n"], Fate.REACHED),
        (["sh", "-c", "app \\\n  --port 80; echo ended"], Fate.KEPT),
        (["sh", "-c", "# don't wait\nexec app\n# the end"], Fate.REACHED),
        (["sh", "-c", "exec app --color='#fff'"], Fate.REACHED),
        (["sh", "-c", "exec java $(cat opts | tr x y) -jar app.jar"], Fate.REACHED),
        (["sh", "-c", "exec java `cat opts | tr x y` -jar app.jar"], Fate.REACHED),
        (["bash", "-c", "java -Xmx$(echo $(cat /m))m -jar app.jar"], Fate.REACHED),
        (["bash", "-c", "(cd /srv; app)"], Fate.KEPT),
        (["sh", "-c", 'if [ -n "$D" ]; then exec app --debug; else exec app; fi'], Fate.UNKNOWN),
        (["sh", "-c", "case $A in\n a) exec app;;\n *) exec other;;\nesac"], Fate.UNKNOWN),
        (["sh", "-c", "while true; do echo exec; app; done"], Fate.KEPT),
        (["sh", "-c", "echo 'not closed"], Fate.UNKNOWN),
        (["sh", "-c", ""], Fate.UNKNOWN),
    ],
)
def test_fate_of_sigterm(argv: list[str], fate: Fate) -> None:
    script = script_of(argv)
    assert script is not None
    assert fate_of_term(script) is fate


@pytest.mark.parametrize(
    "argv", [[], ["app"], ["sh"], ["sh", "script.sh"], ["sh", "script.sh", "-c"], ["bash", "--login"], ["sh", "-c"]]
)
def test_what_is_no_script(argv: list[str]) -> None:
    assert script_of(argv) is None


@pytest.mark.parametrize(
    ("argv", "wrapper"),
    [
        (["npm", "start"], "npm"),
        (["/usr/bin/yarn", "serve"], "yarn"),
        (["python", "manage.py", "runserver"], "manage.py runserver"),
        (["go", "run", "."], "go run"),
        (["node", "npm"], ""),
        ([], ""),
    ],
)
def test_launchers(argv: list[str], wrapper: str) -> None:
    assert wrapper_of(argv) == wrapper


@pytest.mark.parametrize(
    ("argv", "slept_s"),
    [
        (["sleep", "10"], 10),
        (["/bin/sleep", "1m"], 60),
        (["sh", "-c", "sleep 5 && nginx -s quit; sleep 2.5"], 7),
        (["sh", "-c", "sleep $DELAY"], 0),
        (["nginx", "-s", "quit"], 0),
    ],
)
def test_how_long_a_hook_sleeps(argv: list[str], slept_s: int) -> None:
    assert seconds_slept(argv) == slept_s
