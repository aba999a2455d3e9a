"""The tables of a study. Bodies are compressed JSON; what is searched for is a column."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str = "id") -> sa.Column[str]:
    return sa.Column(name, sa.String(64), primary_key=True)


def _case(index: bool = True) -> sa.Column[str]:
    return sa.Column(
        "case_id", sa.String(64), sa.ForeignKey("cases.id"), nullable=False, index=index
    )


meta = sa.Table("meta", metadata, _id("name"), sa.Column("value", sa.Text, nullable=False))
study = sa.Table("study", metadata, _id(), sa.Column("data", sa.JSON, nullable=False))
protocols = sa.Table(
    "protocols", metadata, _id("sha256"), sa.Column("document", sa.JSON, nullable=False)
)
people = sa.Table(
    "people",
    metadata,
    _id(),
    sa.Column("login", sa.String(64), nullable=False, unique=True),
    sa.Column("data", sa.JSON, nullable=False),
)
person_keys = sa.Table(
    "person_keys",
    metadata,
    _id("person_id"),
    sa.Column("ed25519", sa.String(64), nullable=False),
    sa.Column("x25519", sa.String(64), nullable=False),
)
subjects = sa.Table(
    "subjects",
    metadata,
    _id(),
    sa.Column("pseudonym", sa.String(128), nullable=False, unique=True),
    sa.Column("data", sa.JSON, nullable=False),
)
cases = sa.Table(
    "cases",
    metadata,
    _id(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column(
        "subject_id", sa.String(64), sa.ForeignKey("subjects.id"), nullable=False, index=True
    ),
    sa.Column("state", sa.String(32), nullable=False, index=True),
    sa.Column("data", sa.JSON, nullable=False),
)
images = sa.Table(
    "images",
    metadata,
    _id(),
    _case(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("data", sa.JSON, nullable=False),
)
image_hashes = sa.Table(
    "image_hashes",
    metadata,
    sa.Column("kind", sa.String(8), primary_key=True),  # "source" | "pixels"
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("image_id", sa.String(64), sa.ForeignKey("images.id"), primary_key=True),
)
assignments = sa.Table(
    "assignments",
    metadata,
    _id(),
    _case(),
    sa.Column("person_id", sa.String(64), nullable=False, index=True),
    sa.Column("slot", sa.Integer, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.UniqueConstraint("case_id", "person_id"),
)
readings = sa.Table(
    "readings",
    metadata,
    _id(),
    _case(),
    sa.Column("person_id", sa.String(64), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("protocol_sha256", sa.String(64), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("started_at", sa.String(40), nullable=False),
    sa.Column("saved_at", sa.String(40), nullable=False),
    sa.Column("submitted_at", sa.String(40)),
    sa.Column("body_sha256", sa.String(64), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
)
comparisons = sa.Table(
    "comparisons",
    metadata,
    _id(),
    _case(),
    sa.Column("seq", sa.Integer, nullable=False, unique=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
disputes = sa.Table(
    "disputes",
    metadata,
    _id(),
    _case(),
    sa.Column("opened_at", sa.String(40), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
rulings = sa.Table(
    "rulings",
    metadata,
    _id(),
    sa.Column(
        "dispute_id", sa.String(64), sa.ForeignKey("disputes.id"), nullable=False, unique=True
    ),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
references = sa.Table(
    "references",
    metadata,
    _id("case_id"),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
datasets = sa.Table(
    "datasets", metadata, _id("version"), sa.Column("data", sa.LargeBinary, nullable=False)
)
imports = sa.Table(
    "imports",
    metadata,
    _id(),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)

KEYS_DDL = (
    "CREATE TABLE IF NOT EXISTS case_keys (case_id TEXT PRIMARY KEY, key BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS image_keys (image_id TEXT PRIMARY KEY, case_id TEXT NOT NULL, "
    "nonce BLOB NOT NULL, wrapped BLOB NOT NULL)",
)

# Rows that are written once. Guards against accidents in the program; against someone with the
# key stand the audit chain and its remembered heads.
FROZEN_ROWS = (
    ("readings", "UPDATE", "OLD.state = 'submitted'"),
    ("readings", "DELETE", "OLD.state = 'submitted'"),
    ("comparisons", "UPDATE", "1"),
    ("comparisons", "DELETE", "1"),
    ("rulings", "UPDATE", "1"),
    ("rulings", "DELETE", "1"),
    ("datasets", "UPDATE", "1"),
    ("datasets", "DELETE", "1"),
    ("protocols", "UPDATE", "1"),
    ("protocols", "DELETE", "1"),
    ("audit", "UPDATE", "1"),
    ("audit", "DELETE", "1"),
)


def frozen_triggers() -> tuple[str, ...]:
    return tuple(
        f'CREATE TRIGGER frozen_{table}_{verb.lower()} BEFORE {verb} ON "{table}" '
        f"WHEN {condition} BEGIN SELECT RAISE(ABORT, 'frozen: {table}'); END"
        for table, verb, condition in FROZEN_ROWS
    )
