"""Build hook: puts htmx and its server-sent-events extension into static/vendor/.

Both files come out of the wheel django-htmx, a build requirement only; neither they nor Django are ever installed with
the product or kept in the repository.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SCRIPTS = ("htmx-2.min.js", "ext/hx-sse-2.min.js")


class CopyHtmx(BuildHookInterface[Any]):
    """Runs before every build, the editable one included."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        target = Path(self.root, "static", "vendor")
        target.mkdir(parents=True, exist_ok=True)
        for script in SCRIPTS:
            shutil.copyfile(source_folder() / script, target / Path(script).name)


def source_folder() -> Path:
    """Return the folder of django-htmx's scripts, without importing the package (that would need Django)."""
    spec = find_spec("django_htmx")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("django-htmx is missing: build with the requirements that pyproject.toml names")
    return Path(spec.origin).parent / "static" / "django_htmx"
