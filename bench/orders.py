"""The order in which nodes go: least projected wait, beside name order, in the same world with the same budgets."""

from statistics import mean

from bench.table import show
from underway.rotate.spec import Rotation, rotation_from
from underway.sim.demo import Demo

SEEDS = range(1, 6)


def ordered(keys: list[str]) -> float:
    """Average makespan / bound of the demo with these order keys before the forecast."""
    ratios = []
    for seed in SEEDS:
        demo = Demo(seed)
        demo.rotation = with_order(demo.rotation, keys)
        demo.prepare()
        demo.rehearsal.run()
        result = demo.finish()
        ratios.append(result.makespan_s / result.bound_s)
    return mean(ratios)


def with_order(rotation: Rotation, keys: list[str]) -> Rotation:
    """The rotation with other order keys."""
    import msgspec

    values = msgspec.to_builtins(rotation)
    values["spec"]["nodes"] = {"order": [{"by": key} for key in keys]}
    return rotation_from(values, "bench", ["nodes-ready", "workloads-available", "api-server"], ["Command"])


def run() -> None:
    """Print the table."""
    rows = [
        ("least projected wait (default)", f"{ordered([]):.3f}"),
        ("name order", f"{ordered(['name']):.3f}"),
        ("oldest first", f"{ordered(['age', 'name']):.3f}"),
    ]
    show(f"makespan / bound by order, demo cluster, {len(SEEDS)} seeds", ("order", "average"), rows)
