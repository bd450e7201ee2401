"""The one Piccolo app: where its tables are, and their migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="sync",
    migrations_folder_path=str(Path(__file__).parent / "piccolo_migrations"),
    table_classes=table_finder(["sync.tables"]),
    migration_dependencies=[],
    commands=[],
)
