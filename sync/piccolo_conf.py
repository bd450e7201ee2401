"""What Piccolo looks up by name: the engine and the apps."""

from piccolo.conf.apps import AppRegistry

from sync.database import DB

__all__ = ["APP_REGISTRY", "DB"]

APP_REGISTRY = AppRegistry(apps=["sync.piccolo_app"])
