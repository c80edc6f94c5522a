"""The address of a PostgreSQL database as libpq takes it, name by name.

A URL of SQLAlchemy is not one of libpq: they write spaces and signs in passwords differently.
"""

from __future__ import annotations

from sqlalchemy import make_url


def parameters_of(url: str, *, options: str = "") -> dict[str, str]:
    """Give the connection parameters of an address, with more options of the server's."""
    address = make_url(url)
    given = {
        "host": address.host,
        "port": address.port,
        "user": address.username,
        "password": address.password,
        "dbname": address.database,
    }
    more = {
        name: value if isinstance(value, str) else ",".join(value)
        for name, value in address.query.items()
    }
    if options:
        more["options"] = f"{more.get('options', '')} {options}".strip()
    return {name: str(value) for name, value in given.items() if value is not None} | more
