-- What is not of one repository: which there are, how jobs ended, and who works.
CREATE TABLE repositories (id text COLLATE "C" PRIMARY KEY, added_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE ends (
    job bigint PRIMARY KEY,
    run text NOT NULL,
    exit_code integer NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    details text NOT NULL,
    ended_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE workers (
    name text COLLATE "C" PRIMARY KEY,
    labels text NOT NULL,
    jobs integer NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE queue_version (last_migration text NOT NULL);
