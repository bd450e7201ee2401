from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import JSONB
from piccolo.columns.column_types import BigInt
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-26T00:34:17:514203"
VERSION = "1.38.0"
DESCRIPTION = "Custom fields: those that a company has, and how far a change is that sets some"

NEW = (
    ("Company", "company", "custom_fields", JSONB),
    ("Change", "change", "whole", JSONB),
    ("Change", "change", "checked", BigInt),
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)
    for table, tablename, column, kind in NEW:
        manager.add_column(
            table_class_name=table,
            tablename=tablename,
            column_name=column,
            db_column_name=column,
            column_class_name=kind.__name__,
            column_class=kind,
            params={
                "default": None,
                "null": True,
                "primary_key": False,
                "unique": False,
                "index": False,
                "index_method": IndexMethod.btree,
                "choices": None,
                "db_column_name": None,
                "secret": False,
            },
            schema=None,
        )
    return manager
