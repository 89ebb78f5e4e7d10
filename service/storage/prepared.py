"""Statements of the hot paths: written in SQLAlchemy, compiled once for each database, run on the driver's own cursor.

What SQLAlchemy does between a statement and the cursor takes several times as long as SQLite takes to carry it out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

Row = tuple[Any, ...]
Values = Mapping[str, Any]
PENDING = "pending"
"""Where a connection keeps what pending.py has yet to carry out."""


class _Convert(Protocol):
    def __call__(self, value: Any, /) -> Any: ...


@dataclass(frozen=True)
class _Form:
    """A statement as one driver takes it.

    `fixed`: values that stand in the statement itself, ready. `given`: the names of the others. `order`: all of them by
    place, for a driver that counts.
    """

    sql: str
    fixed: Values
    given: Sequence[tuple[str, _Convert | None]]
    order: Sequence[tuple[str, _Convert | None]] | None
    readers: Sequence[tuple[int, _Convert]]
    types: Mapping[str, sa.types.TypeEngine[Any]]

    def bound(self, values: Values) -> Any:
        if self.order is not None:
            given = {**self.fixed, **values} if self.fixed else values
            return [given[name] if convert is None else convert(given[name]) for name, convert in self.order]
        converted = {name: values[name] if convert is None else convert(values[name]) for name, convert in self.given}
        return {**self.fixed, **converted}

    def read(self, rows: list[Row]) -> list[Row]:
        """Columns whose type the driver does not know, in Python's terms."""
        if not self.readers:
            return rows
        found = []
        for row in rows:
            cells = list(row)
            for place, convert in self.readers:
                cells[place] = convert(cells[place])
            found.append(tuple(cells))
        return found


class Answer:
    """To a question that was asked; heard once."""

    def __init__(self, cursor: Any, form: _Form) -> None:
        self._cursor, self._form = cursor, form

    def all(self) -> list[Row]:
        return self._form.read(self._cursor.fetchall())

    def first(self) -> Row | None:
        row = self._cursor.fetchone()
        return None if row is None else self._form.read([row])[0]


class Prepared:
    """One statement. Its values are given by name, as plain as SQLAlchemy takes them: an Instant is a datetime.

    Made at import. An `insert` names its columns; a set of values is `Among(column)`, given as `ids`.
    """

    def __init__(self, statement: Any, *, columns: Iterable[str] | None = None) -> None:
        self._statement, self._columns = statement, None if columns is None else list(columns)
        self._forms: dict[str, _Form] = {}
        self._at_once: str | None = None
        self.kind = str(statement.__visit_name__)
        """`select`, `insert`, `update` or `delete`."""

    def all(self, tx: Connection, **values: Any) -> list[Row]:
        return self.ask(tx, **values).all()

    def first(self, tx: Connection, **values: Any) -> Row | None:
        return self.ask(tx, **values).first()

    def ask(self, tx: Connection, **values: Any) -> "Answer":
        """The question alone. Whoever asks another before it hears the answer waits once for both (Postgres)."""
        form = self._form(tx)
        return Answer(driver(tx).execute(form.sql, form.bound(values)), form)

    def run(self, tx: Connection, **values: Any) -> int:
        """How many rows it changed."""
        return self.run_each(tx, [values])

    def run_each(self, tx: Connection, rows: Sequence[Values]) -> int:
        """An insert, update or delete once for each of the rows; how many it changed in all.

        SQLite repeats a statement in no time. Postgres takes all rows as columns of one, if there are several.
        """
        if not rows:
            return 0
        if tx.dialect.name == "postgresql":
            sql, values = self.call(tx, rows)
            # Not by the cursor's count, which psycopg knows only once it has the answer.
            counted = f"WITH changed AS ({sql} RETURNING 1) SELECT count(*) FROM changed"
            return int(driver(tx).execute(counted, values).fetchone()[0])
        form = self._form(tx)
        if len(rows) == 1:
            return int(driver(tx).execute(form.sql, form.bound(rows[0])).rowcount)
        cursor = driver(tx).cursor()
        cursor.executemany(form.sql, [form.bound(row) for row in rows])
        return int(cursor.rowcount)

    def call(self, tx: Connection, rows: Sequence[Values]) -> tuple[str, dict[str, Any]]:
        """The text and the values of `run_each` for Postgres."""
        form = self._form(tx)
        if len(rows) == 1:
            return form.sql, form.bound(rows[0])
        if self._at_once is None:
            process = tx.dialect.type_compiler_instance.process
            self._at_once = at_once(form.sql, {name: process(form.types[name]) for name, _ in form.given})
        columns = {name: [row[name] if to is None else to(row[name]) for row in rows] for name, to in form.given}
        return self._at_once, {**form.fixed, **columns}

    @property
    def table(self) -> str:
        """Of an insert, update or delete."""
        return str(self._statement.table)

    def _form(self, tx: Connection) -> _Form:
        name = tx.dialect.name
        if name not in self._forms:
            self._forms[name] = self._compiled(tx.dialect)
        return self._forms[name]

    def _compiled(self, dialect: Dialect) -> _Form:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        types = {name: bind.type.dialect_impl(dialect) for name, bind in binds.items()}
        binders = {name: type_.bind_processor(dialect) for name, type_ in types.items()}
        fixed = {
            name: bind.value if (convert := binders[name]) is None else convert(bind.value)
            for name, bind in binds.items()
            if not bind.required
        }
        columns = getattr(self._statement, "selected_columns", ())
        processors = [_reader(column.type, dialect) for column in columns]
        readers = [(place, found) for place, found in enumerate(processors) if found is not None]
        names = compiled.positiontup if compiled.positional else None
        order = None if names is None else [(name, None if name in fixed else binders[name]) for name in names]
        given = [(name, convert) for name, convert in binders.items() if name not in fixed]
        return _Form(str(compiled), fixed, given, order, readers, types)


def _reader(type_: sa.types.TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    """psycopg is asked by the number of a type, and gives a float as what it is."""
    if isinstance(type_, sa.Float):
        return None
    return type_.dialect_impl(dialect).result_processor(dialect, None)


def at_once(sql: str, types: Mapping[str, str]) -> str:
    """An insert, update or delete for psycopg, made to take its rows as arrays: `rows` stands for the values of one.

    A JSON document travels as text, since an array of documents would be parsed as one of JSON's own arrays.
    """
    kinds = {name: "TEXT" if kind == "JSON" else kind for name, kind in types.items()}
    columns = ", ".join(f"%({name})s::{kind}[]" for name, kind in kinds.items())
    rows = f"unnest({columns}) AS rows({', '.join(types)})"
    for name, kind in types.items():
        of_row = f"rows.{name}::{kind}"
        sql = sql.replace(f"%({name})s::{kind}", of_row).replace(f"%({name})s", of_row)
    if sql.startswith("INSERT"):
        head, _, values = sql.partition(" VALUES (")
        return f"{head} SELECT {values.removesuffix(')')} FROM {rows}"
    head, _, condition = sql.partition(" WHERE ")
    return f"{head} {'USING' if sql.startswith('DELETE') else 'FROM'} {rows} WHERE {condition}"


def settle(tx: Connection) -> None:
    """Carry out what waits for the transaction's next question or its end."""
    if (pending := tx.info.pop(PENDING, None)) is not None:
        pending.carry_out(tx)


def driver(tx: Connection) -> Any:
    """The driver's own connection, in the state in which a question finds it."""
    settle(tx)
    return tx.connection.driver_connection


class _Set(sa.types.TypeDecorator[Sequence[Any]]):
    """Several values as one: a JSON list on SQLite, an array on Postgres."""

    impl = sa.JSON
    cache_ok = True

    def __init__(self, of: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.ARRAY(type(self.of)))
        return dialect.type_descriptor(sa.JSON())


class Among(sa.ColumnElement[bool]):
    """`column` is one of the values bound under a name: one text of a statement, however many there are."""

    inherit_cache = False
    type = sa.Boolean()

    def __init__(self, column: sa.ColumnElement[Any], name: str = "ids") -> None:
        self.column, self.bound = column, sa.bindparam(name, type_=_Set(column.type), required=True)

    def self_group(self, against: Any = None) -> Self:
        # Left alone, SQLAlchemy writes `… = 1` on SQLite, which then uses no index.
        return self


@compiles(Among)
def _among(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = compiler.process(element.column, **options), compiler.process(element.bound, **options)
    if compiler.dialect.name == "postgresql":
        return f"{column} = ANY ({values})"
    return f"{column} IN (SELECT value FROM json_each({values}))"
