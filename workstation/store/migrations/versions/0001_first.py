"""First tables of a study.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The schema as it was at this revision, spelt out: later changes of `tables.py` must not change
# what an old revision did.
STATEMENTS = (
    (
        "CREATE TABLE audit ( seq INTEGER NOT NULL, hash VARCHAR(64) NOT NULL, data JSON NOT "
        "NULL, CONSTRAINT pk_audit PRIMARY KEY (seq) )"
    ),
    (
        "CREATE TABLE datasets ( version VARCHAR(64) NOT NULL, data BLOB NOT NULL, CONSTRAINT"
        " pk_datasets PRIMARY KEY (version) )"
    ),
    (
        "CREATE TABLE imports ( id VARCHAR(64) NOT NULL, at VARCHAR(40) NOT NULL, data BLOB "
        "NOT NULL, CONSTRAINT pk_imports PRIMARY KEY (id) )"
    ),
    (
        "CREATE TABLE meta ( name VARCHAR(64) NOT NULL, value TEXT NOT NULL, CONSTRAINT "
        "pk_meta PRIMARY KEY (name) )"
    ),
    (
        "CREATE TABLE people ( id VARCHAR(64) NOT NULL, login VARCHAR(64) NOT NULL, data JSON"
        " NOT NULL, CONSTRAINT pk_people PRIMARY KEY (id), CONSTRAINT uq_people_login UNIQUE "
        "(login) )"
    ),
    (
        "CREATE TABLE person_keys ( person_id VARCHAR(64) NOT NULL, ed25519 VARCHAR(64) NOT "
        "NULL, x25519 VARCHAR(64) NOT NULL, CONSTRAINT pk_person_keys PRIMARY KEY (person_id)"
        " )"
    ),
    (
        "CREATE TABLE protocols ( sha256 VARCHAR(64) NOT NULL, document JSON NOT NULL, "
        "CONSTRAINT pk_protocols PRIMARY KEY (sha256) )"
    ),
    (
        'CREATE TABLE "references" ( case_id VARCHAR(64) NOT NULL, data BLOB NOT NULL, '
        "CONSTRAINT pk_references PRIMARY KEY (case_id) )"
    ),
    (
        "CREATE TABLE study ( id VARCHAR(64) NOT NULL, data JSON NOT NULL, CONSTRAINT "
        "pk_study PRIMARY KEY (id) )"
    ),
    (
        "CREATE TABLE subjects ( id VARCHAR(64) NOT NULL, pseudonym VARCHAR(128) NOT NULL, "
        "data JSON NOT NULL, CONSTRAINT pk_subjects PRIMARY KEY (id), CONSTRAINT "
        "uq_subjects_pseudonym UNIQUE (pseudonym) )"
    ),
    (
        "CREATE TABLE cases ( id VARCHAR(64) NOT NULL, number VARCHAR(16) NOT NULL, "
        "subject_id VARCHAR(64) NOT NULL, state VARCHAR(32) NOT NULL, data JSON NOT NULL, "
        "CONSTRAINT pk_cases PRIMARY KEY (id), CONSTRAINT uq_cases_number UNIQUE (number), "
        "CONSTRAINT fk_cases_subject_id_subjects FOREIGN KEY(subject_id) REFERENCES subjects "
        "(id) )"
    ),
    "CREATE INDEX ix_cases_state ON cases (state)",
    "CREATE INDEX ix_cases_subject_id ON cases (subject_id)",
    (
        "CREATE TABLE assignments ( id VARCHAR(64) NOT NULL, case_id VARCHAR(64) NOT NULL, "
        "person_id VARCHAR(64) NOT NULL, slot INTEGER NOT NULL, position INTEGER NOT NULL, "
        "state VARCHAR(16) NOT NULL, CONSTRAINT pk_assignments PRIMARY KEY (id), CONSTRAINT "
        "uq_assignments_case_id UNIQUE (case_id, person_id), CONSTRAINT "
        "fk_assignments_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (id) )"
    ),
    "CREATE INDEX ix_assignments_case_id ON assignments (case_id)",
    "CREATE INDEX ix_assignments_person_id ON assignments (person_id)",
    (
        "CREATE TABLE comparisons ( id VARCHAR(64) NOT NULL, case_id VARCHAR(64) NOT NULL, "
        "seq INTEGER NOT NULL, data BLOB NOT NULL, CONSTRAINT pk_comparisons PRIMARY KEY "
        "(id), CONSTRAINT fk_comparisons_case_id_cases FOREIGN KEY(case_id) REFERENCES cases "
        "(id), CONSTRAINT uq_comparisons_seq UNIQUE (seq) )"
    ),
    "CREATE INDEX ix_comparisons_case_id ON comparisons (case_id)",
    (
        "CREATE TABLE disputes ( id VARCHAR(64) NOT NULL, case_id VARCHAR(64) NOT NULL, "
        "opened_at VARCHAR(40) NOT NULL, data BLOB NOT NULL, CONSTRAINT pk_disputes PRIMARY "
        "KEY (id), CONSTRAINT fk_disputes_case_id_cases FOREIGN KEY(case_id) REFERENCES cases"
        " (id) )"
    ),
    "CREATE INDEX ix_disputes_case_id ON disputes (case_id)",
    (
        "CREATE TABLE images ( id VARCHAR(64) NOT NULL, case_id VARCHAR(64) NOT NULL, number "
        "VARCHAR(16) NOT NULL, data JSON NOT NULL, CONSTRAINT pk_images PRIMARY KEY (id), "
        "CONSTRAINT fk_images_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (id), "
        "CONSTRAINT uq_images_number UNIQUE (number) )"
    ),
    "CREATE INDEX ix_images_case_id ON images (case_id)",
    (
        "CREATE TABLE readings ( id VARCHAR(64) NOT NULL, case_id VARCHAR(64) NOT NULL, "
        "person_id VARCHAR(64) NOT NULL, kind VARCHAR(16) NOT NULL, state VARCHAR(16) NOT "
        "NULL, protocol_sha256 VARCHAR(64) NOT NULL, body BLOB NOT NULL, started_at "
        "VARCHAR(40) NOT NULL, saved_at VARCHAR(40) NOT NULL, submitted_at VARCHAR(40), "
        "body_sha256 VARCHAR(64) NOT NULL, revision INTEGER NOT NULL, CONSTRAINT pk_readings "
        "PRIMARY KEY (id), CONSTRAINT fk_readings_case_id_cases FOREIGN KEY(case_id) "
        "REFERENCES cases (id) )"
    ),
    "CREATE INDEX ix_readings_case_id ON readings (case_id)",
    "CREATE INDEX ix_readings_person_id ON readings (person_id)",
    (
        "CREATE TABLE image_hashes ( kind VARCHAR(8) NOT NULL, sha256 VARCHAR(64) NOT NULL, "
        "image_id VARCHAR(64) NOT NULL, CONSTRAINT pk_image_hashes PRIMARY KEY (kind, sha256,"
        " image_id), CONSTRAINT fk_image_hashes_image_id_images FOREIGN KEY(image_id) "
        "REFERENCES images (id) )"
    ),
    (
        "CREATE TABLE rulings ( id VARCHAR(64) NOT NULL, dispute_id VARCHAR(64) NOT NULL, "
        "data BLOB NOT NULL, CONSTRAINT pk_rulings PRIMARY KEY (id), CONSTRAINT "
        "uq_rulings_dispute_id UNIQUE (dispute_id), CONSTRAINT fk_rulings_dispute_id_disputes"
        " FOREIGN KEY(dispute_id) REFERENCES disputes (id) )"
    ),
    (
        'CREATE TRIGGER frozen_readings_update BEFORE UPDATE ON "readings" WHEN OLD.state = '
        "'submitted' BEGIN SELECT RAISE(ABORT, 'frozen: readings'); END"
    ),
    (
        'CREATE TRIGGER frozen_readings_delete BEFORE DELETE ON "readings" WHEN OLD.state = '
        "'submitted' BEGIN SELECT RAISE(ABORT, 'frozen: readings'); END"
    ),
    (
        'CREATE TRIGGER frozen_comparisons_update BEFORE UPDATE ON "comparisons" WHEN 1 BEGIN'
        " SELECT RAISE(ABORT, 'frozen: comparisons'); END"
    ),
    (
        'CREATE TRIGGER frozen_comparisons_delete BEFORE DELETE ON "comparisons" WHEN 1 BEGIN'
        " SELECT RAISE(ABORT, 'frozen: comparisons'); END"
    ),
    (
        'CREATE TRIGGER frozen_rulings_update BEFORE UPDATE ON "rulings" WHEN 1 BEGIN SELECT '
        "RAISE(ABORT, 'frozen: rulings'); END"
    ),
    (
        'CREATE TRIGGER frozen_rulings_delete BEFORE DELETE ON "rulings" WHEN 1 BEGIN SELECT '
        "RAISE(ABORT, 'frozen: rulings'); END"
    ),
    (
        'CREATE TRIGGER frozen_datasets_update BEFORE UPDATE ON "datasets" WHEN 1 BEGIN '
        "SELECT RAISE(ABORT, 'frozen: datasets'); END"
    ),
    (
        'CREATE TRIGGER frozen_datasets_delete BEFORE DELETE ON "datasets" WHEN 1 BEGIN '
        "SELECT RAISE(ABORT, 'frozen: datasets'); END"
    ),
    (
        'CREATE TRIGGER frozen_protocols_update BEFORE UPDATE ON "protocols" WHEN 1 BEGIN '
        "SELECT RAISE(ABORT, 'frozen: protocols'); END"
    ),
    (
        'CREATE TRIGGER frozen_protocols_delete BEFORE DELETE ON "protocols" WHEN 1 BEGIN '
        "SELECT RAISE(ABORT, 'frozen: protocols'); END"
    ),
    (
        'CREATE TRIGGER frozen_audit_update BEFORE UPDATE ON "audit" WHEN 1 BEGIN SELECT '
        "RAISE(ABORT, 'frozen: audit'); END"
    ),
    (
        'CREATE TRIGGER frozen_audit_delete BEFORE DELETE ON "audit" WHEN 1 BEGIN SELECT '
        "RAISE(ABORT, 'frozen: audit'); END"
    ),
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
