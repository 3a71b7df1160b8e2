"""`underway crd fuzz`: conversions tried with objects drawn from the schemas."""

import sys

import click

from underway.cli.options import emit, output_option


@click.command()
@click.argument("spec", metavar="MODULE:CONVERSIONS")
@click.option("--rounds", default=100_000, show_default=True, type=click.IntRange(1), help="How many objects are tried.")
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed finds the same.")
@click.option("--processes", default=2, show_default=True, type=click.IntRange(1, 64), help="How many try at once.")
@output_option
def command(spec: str, rounds: int, seed: int, processes: int, output: str) -> int:
    """Look for objects that conversions lose, change, refuse, restore stale or make invalid.

    Objects are drawn from the schemas, with the edges of every type, unions with no member and several, nulls and unknown
    fields where they are allowed; they go from a spoke to the hub and back, from the hub to a spoke and back, between spokes,
    and are edited on the way; valid ones must be valid in every version. Each way of going wrong is shown once, with the
    smallest object found, as YAML. Exit code 1 if there is any. In tests, the fixture fuzz_conversions does the same.

    Example: underway crd fuzz conversions.py:CONVERSIONS --rounds 1000000
    """
    from underway.cli.crd import fuzzing
    from underway.web.declared import conversions

    kinds = conversions(spec)
    outcomes = []
    for place, kind in enumerate(kinds):
        name = kind.versions.name

        def tell(over: int, name: str = name) -> None:
            if sys.stderr.isatty():
                click.echo(f"\r{name}: {over:,} of {rounds:,} rounds", nl=over == rounds, err=True)

        outcomes.append((name, fuzzing.run(spec, place, rounds, seed, processes, tell)))
    values = [{"name": name, **fuzzing.plain(outcome)} for name, outcome in outcomes]

    def text() -> None:
        for name, outcome in outcomes:
            for one in outcome.counterexamples:
                click.echo(f"---\n{fuzzing.as_yaml(one)}", nl=False)
            count, rate = len(outcome.counterexamples), outcome.rounds / max(outcome.seconds, 0.001)
            found = f"{count} way{'s' if count != 1 else ''} of going wrong" if count else "no counterexample"
            click.echo(f"# {name}: {found} in {outcome.rounds:,} rounds, seed {seed}, {rate:,.0f} rounds/s")
            for version in outcome.never_valid:
                click.echo(f"# {name}: no valid object of {version} was drawn, so none was seen to stay valid")

    emit(values[0] if len(values) == 1 else values, output, text)
    return 1 if any(outcome.counterexamples for _, outcome in outcomes) else 0
