from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-26T01:24:37:000000"
VERSION = "1.38.0"
DESCRIPTION = "What QuickBooks computes within the lines of a record is no change of it"

# Most records differ in their head, or not in their lines: only then are lines taken apart. Groups of lines hold lines.
FUNCTIONS = {
    "lines_without(jsonb, text[], text[])": """create function lines_without(lines jsonb, kinds text[], computed text[])
        returns jsonb language plpgsql immutable parallel safe as $$ begin
        return (select jsonb_agg(case when line ?| kinds then (
                    select jsonb_object_agg(name, case when name = any(kinds) then lines_without(part, kinds, computed)
                        else part end)
                    from jsonb_each(line - computed) as parts (name, part))
                else line - computed end order by nth)
            from jsonb_array_elements(lines) with ordinality as each (line, nth));
        end $$""",
    "record_moved(jsonb, jsonb, text[], text[], text[])": """create function record_moved(was jsonb, is_now jsonb,
        computed text[], kinds text[], in_lines text[]) returns boolean
        language plpgsql immutable parallel safe as $$ declare kind text; begin
        was := was - computed;
        is_now := is_now - computed;
        if was = is_now then return false; end if;
        if was - kinds <> is_now - kinds then return true; end if;
        foreach kind in array kinds loop
            if was -> kind is distinct from is_now -> kind then
                if jsonb_typeof(was -> kind) is distinct from 'array'
                    or jsonb_typeof(is_now -> kind) is distinct from 'array'
                    or jsonb_array_length(was -> kind) <> jsonb_array_length(is_now -> kind)
                    or lines_without(was -> kind, kinds, in_lines) <> lines_without(is_now -> kind, kinds, in_lines)
                then return true; end if;
            end if;
        end loop;
        return false;
        end $$""",
}


class Any(Table):
    """No table: the way in for statements."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)

    async def make() -> None:
        for function in FUNCTIONS.values():
            await Any.raw(function)

    async def drop() -> None:
        for name in FUNCTIONS:
            await Any.raw(f"drop function {name}")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
