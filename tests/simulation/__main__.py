"""`python -m tests.simulation SEED`: live one world, tell its story, and shrink it where it fails.

* With `--count` it lives that many, from this seed on, and stops at the first that fails.
* With `--mistake` a mistake is planted before: `--mistakes` names them.
* Sets have one order here, so that the same seed is the same world in every process.
"""

import os
import sys

import click

HASH_SEED = "PYTHONHASHSEED"


@click.command()
@click.argument("seed", type=int, required=False)
@click.option("--count", default=1, show_default=True, help="How many worlds, from this seed on.")
@click.option("--whole", is_flag=True, help="Tell a failing world as it was drawn, not the smallest that fails.")
@click.option("--mistake", default="", help="Plant the mistake whose name has these words in it.")
@click.option("--mistakes", is_flag=True, help="Name the mistakes that can be planted.")
def main(seed: int | None, count: int, whole: bool, mistake: str, mistakes: bool) -> None:
    """Live the world of SEED."""
    from contextlib import nullcontext

    from tests.simulation.living import script_of, simulation
    from tests.simulation.mistakes import MISTAKES, planted
    from tests.simulation.telling import told

    if mistakes or seed is None:
        click.echo("\n".join(MISTAKES) if mistakes else "Say which seed, or --mistakes.")
        sys.exit(0 if mistakes else 2)
    found = [name for name in MISTAKES if mistake and mistake in name]
    if mistake and not found:
        raise click.UsageError(f"No mistake has {mistake!r} in its name.")
    with planted(found[0]) if found else nullcontext(), simulation() as lives:
        for number in range(seed, seed + count):
            lived = lives.lived(script_of(number))
            if lived.has_failed:
                click.echo(told(lived if whole else lives.smallest(lived)))
                sys.exit(1)
        click.echo("\n".join(lived.story))
    click.echo(f"{count} world(s): every promise held.")


if __name__ == "__main__":
    if os.environ.get(HASH_SEED) != "0":
        again = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, HASH_SEED: "0"})
    main()
