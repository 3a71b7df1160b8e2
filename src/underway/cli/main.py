"""The command `underway`: finds the subcommand, and turns what went wrong into a sentence and an exit code.

Exit codes, everywhere the same: 0 good; 1 findings, a blocked plan, a refuted proof; 2 usage or unreadable input; 3 the
cluster could not be reached, or refused; 4 partial; 70 a bug of ours. Subcommands are imported when they are called, so
that `--help` stays fast.
"""

import sys

import click

from underway import __version__
from underway.cli.lazy import LazyGroup
from underway.errors import InvariantViolated, Refused, UnderwayError, Unreachable, UsageError

COMMANDS: dict[str, str] = {
    "demo": "Upgrade an embedded cluster before your eyes; no cluster needed.",
    "rehearse": "Play named failure scenarios on an embedded cluster, in virtual time.",
    "plan": "Say what a rotation would do: order, lower bound, predicted time, blockers.",
    "rotate": "Rotate the nodes of a cluster from this terminal.",
    "status": "Show how the rotations of a cluster stand.",
    "freeze": "Stop a rotation: nothing new is begun, the cluster is left tidy.",
    "resume": "Let a frozen rotation go on.",
    "operator": "Reconcile the Rotations of a cluster, for ever; this runs in the cluster.",
    "manifests": "Print what the operator needs in a cluster, for kubectl apply.",
    "snapshot": "Save what decisions read of a cluster, for plan and rehearsals.",
    "crd": "Many versions of a custom resource: convert, serve, fuzz, migrate.",
    "lint": "Best practices, zero-downtime gotchas, upgrade readiness.",
    "ingress": "Move from Ingress to the Gateway API, with a proof.",
}
EXIT_CODES: dict[type[UnderwayError], int] = {UsageError: 2, Unreachable: 3, Refused: 3, InvariantViolated: 70}


@click.group(cls=LazyGroup, table=COMMANDS, package="underway.cli", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="underway")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def underway(debug: bool) -> None:
    """Upgrade Kubernetes clusters while they keep sailing.

    Example: underway demo --fast
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    try:
        code = underway.main(args=given, prog_name="underway", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except UnderwayError as error:
        if debug:
            raise
        click.echo(f"underway: {error}", err=True)
        sys.exit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind)))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except Exception as error:
        if debug:
            raise
        click.echo(f"underway: unexpected {type(error).__name__}: {error}; please report it with --debug's output", err=True)
        sys.exit(70)
    sys.exit(code if isinstance(code, int) else 0)
