"""The command line: `deskbridge`, also `python -m web`. Each command says what is wrong in a sentence and exits with 1.

A command's module is imported when it is called: a script that exports records does not wait for the web framework.
"""

from importlib import import_module

import click

COMMANDS = {
    "serve": "server",
    "worker": "server",
    "migrate": "data",
    "demo": "demo",
    "create-owner": "data",
    "reset-password": "data",
    "company": "data",
    "sync": "data",
    "records": "data",
    "token": "tokens",
    "practice": "practice",
}


class Commands(click.Group):
    """The commands by name, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(import_module(f"web.cli.{module}"), cmd_name.replace("-", "_"))
        return command if isinstance(command, click.Command) else None


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="deskbridge")
def deskbridge() -> None:
    """QuickBooks Desktop company files in a team's browser, over Intuit's Web Connector."""


def main() -> None:
    """Run the command line. Settings that cannot be used are named, all at once."""
    from sync.settings import SettingsError

    try:
        deskbridge(prog_name="deskbridge")
    except SettingsError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        raise SystemExit(2) from None
