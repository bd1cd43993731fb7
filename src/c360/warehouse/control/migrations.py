"""The schema of the control store, as the list of changes that lead to it; published ones never change."""

migrations: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE run (
            run_id TEXT PRIMARY KEY,
            as_of TEXT NOT NULL,
            started_at TEXT NOT NULL,
            ended_at TEXT,
            status TEXT NOT NULL CHECK (status IN ('running', 'interrupted', 'succeeded', 'failed', 'abandoned')),
            attempts INTEGER NOT NULL DEFAULT 1,
            process INTEGER,
            snapshot TEXT,
            exit_code INTEGER,
            error TEXT
        ) STRICT""",
        "CREATE INDEX run_started ON run (started_at)",
        """CREATE TABLE step (
            run_id TEXT NOT NULL REFERENCES run ON DELETE CASCADE,
            attempt INTEGER NOT NULL,
            name TEXT NOT NULL,
            started_at TEXT NOT NULL,
            seconds REAL,
            rows INTEGER,
            fingerprint TEXT,
            status TEXT NOT NULL CHECK (status IN ('running', 'done', 'skipped', 'failed')),
            peak_mb INTEGER,
            PRIMARY KEY (run_id, attempt, name)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE decision (
            decision_id INTEGER PRIMARY KEY,
            entity TEXT NOT NULL,
            id_kind_a TEXT NOT NULL,
            value_a TEXT NOT NULL,
            id_kind_b TEXT NOT NULL,
            value_b TEXT NOT NULL,
            verdict TEXT NOT NULL CHECK (verdict IN ('same', 'not_same')),
            author TEXT NOT NULL,
            note TEXT,
            decided_at TEXT NOT NULL,
            revoked_at TEXT,
            revoked_by TEXT
        ) STRICT""",
        "CREATE INDEX decision_entity ON decision (entity) WHERE revoked_at IS NULL",
        """CREATE TABLE user (
            user_id INTEGER PRIMARY KEY,
            email TEXT NOT NULL UNIQUE COLLATE NOCASE,
            name TEXT NOT NULL,
            role TEXT NOT NULL,
            password_hash TEXT,
            created_at TEXT NOT NULL,
            disabled_at TEXT
        ) STRICT""",
        """CREATE TABLE session (
            secret_hash TEXT PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
            created_at TEXT NOT NULL,
            seen_at TEXT NOT NULL,
            expires_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX session_user ON session (user_id)",
        """CREATE TABLE token (
            token_id INTEGER PRIMARY KEY,
            secret_hash TEXT NOT NULL UNIQUE,
            user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
            name TEXT NOT NULL,
            role TEXT NOT NULL,
            created_at TEXT NOT NULL,
            expires_at TEXT,
            used_at TEXT,
            revoked_at TEXT
        ) STRICT""",
    ),
    (
        "ALTER TABLE token ADD COLUMN scopes TEXT NOT NULL DEFAULT 'read'",
        "ALTER TABLE user ADD COLUMN subject TEXT",
        """CREATE TABLE link (
            secret_hash TEXT PRIMARY KEY,
            purpose TEXT NOT NULL CHECK (purpose IN ('first-user', 'password')),
            user_id INTEGER REFERENCES user ON DELETE CASCADE,
            created_at TEXT NOT NULL,
            expires_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE audit_anchor (
            number INTEGER PRIMARY KEY,
            mac TEXT NOT NULL,
            anchored_at TEXT NOT NULL
        ) STRICT""",
    ),
    ("ALTER TABLE decision ADD COLUMN pattern TEXT",),
)
