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
INSERT INTO runs VALUES ('20260101-abcdef', '2026-01-01T00:00:00+00:00', '{"id":"20260101-abcdef","repository":"r","spec_path":"prd.md","spec":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","spec_source":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","workflow":"prd-to-code","workflow_digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","base_commit":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","target_ref":"refs/heads/main","run_ref":"refs/heads/handrail/20260101-abcdef","agent":"scripted","settings":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","plan":null,"status":"waiting","message":"waits","exit_code":null,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}');
INSERT INTO events (number, run, document) VALUES (1, '20260101-abcdef', '{"at":"2026-01-01T00:00:00Z","run":"20260101-abcdef","kind":"planned","data":{"plan":"sha256:0000000000000000000000000000000000000000000000000000000000000000","steps":1}}');
INSERT INTO effects VALUES ('merge:x', 'sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
INSERT INTO control VALUES ('20260101-abcdef', 1);
