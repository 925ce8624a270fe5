PRAGMA user_version = 3;
CREATE TABLE runs (id TEXT PRIMARY KEY, created_at TEXT NOT NULL, document TEXT NOT NULL) STRICT;
CREATE TABLE items (
    id TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    created_at TEXT NOT NULL,
    document TEXT NOT NULL,
    outcome TEXT
) STRICT;
CREATE INDEX open_items ON items (run) WHERE outcome IS NULL;
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY,
    item TEXT NOT NULL,
    keyid TEXT NOT NULL,
    envelope BLOB NOT NULL,
    UNIQUE (item, keyid)
) STRICT;
CREATE TABLE comments (number INTEGER PRIMARY KEY, item TEXT NOT NULL, comment TEXT NOT NULL) STRICT;
CREATE TABLE events (number INTEGER PRIMARY KEY, run TEXT NOT NULL, document TEXT NOT NULL) STRICT;
CREATE INDEX events_of_run ON events (run, number);
CREATE TABLE effects (key TEXT PRIMARY KEY, result TEXT NOT NULL) STRICT;
CREATE TABLE blobs (digest TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE steers (number INTEGER PRIMARY KEY, run TEXT NOT NULL, step TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE control (run TEXT PRIMARY KEY, cancel INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE drafts (
    run TEXT NOT NULL,
    keyid TEXT NOT NULL,
    subject TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (run, keyid, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE halts (number INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT;
