-- What `store/schema.sql` is for SQLite, in a schema of its own for each repository. Texts compare byte by byte, as
-- they do there. `rowid`, `json_extract` and `instr` are what SQLite brings.
CREATE TABLE runs (id text COLLATE "C" PRIMARY KEY, created_at text COLLATE "C" NOT NULL, document text NOT NULL);
CREATE TABLE items (
    id text COLLATE "C" PRIMARY KEY,
    run text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    document text NOT NULL,
    outcome text COLLATE "C",
    rowid bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX open_items ON items (run) WHERE outcome IS NULL;
CREATE INDEX items_of_run ON items (run);
CREATE TABLE decisions (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item text COLLATE "C" NOT NULL,
    keyid text COLLATE "C" NOT NULL,
    envelope bytea NOT NULL,
    UNIQUE (item, keyid)
);
CREATE TABLE comments (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item text COLLATE "C" NOT NULL,
    comment text COLLATE "C" NOT NULL
);
CREATE TABLE events (number bigint PRIMARY KEY, run text COLLATE "C" NOT NULL, document text NOT NULL);
CREATE INDEX events_of_run ON events (run, number);
CREATE TABLE effects (key text COLLATE "C" PRIMARY KEY, result text COLLATE "C" NOT NULL);
CREATE TABLE blobs (digest text COLLATE "C" PRIMARY KEY, data bytea NOT NULL);
CREATE TABLE steers (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run text COLLATE "C" NOT NULL,
    step text COLLATE "C" NOT NULL,
    text text COLLATE "C" NOT NULL
);
CREATE TABLE control (run text COLLATE "C" PRIMARY KEY, cancel integer NOT NULL DEFAULT 0);
CREATE TABLE drafts (
    run text COLLATE "C" NOT NULL,
    keyid text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    document text COLLATE "C" NOT NULL,
    PRIMARY KEY (run, keyid, subject)
);
CREATE TABLE halts (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, line bytea NOT NULL);
CREATE TABLE paused (run text COLLATE "C" PRIMARY KEY);
CREATE TABLE timers (
    key text COLLATE "C" PRIMARY KEY,
    run text COLLATE "C" NOT NULL,
    due_at text COLLATE "C" NOT NULL,
    fired_at text COLLATE "C"
);
CREATE INDEX due_timers ON timers (due_at) WHERE fired_at IS NULL;
CREATE TABLE ticks (id integer PRIMARY KEY CHECK (id = 1), at text COLLATE "C" NOT NULL);
CREATE TABLE spending (
    run text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    tokens bigint NOT NULL,
    cost_usd double precision NOT NULL,
    settled integer NOT NULL,
    PRIMARY KEY (run, key)
);
CREATE TABLE travelling (
    run text COLLATE "C" PRIMARY KEY,
    remote text NOT NULL,
    held integer NOT NULL,
    sequence integer NOT NULL,
    tip text NOT NULL
);
-- Who advances a run, and until when without a sign of life. The token grows by one with each owner.
CREATE TABLE leases (
    run text COLLATE "C" PRIMARY KEY,
    token bigint NOT NULL,
    holder text NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE FUNCTION json_extract(document text, path text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN document::json #>> string_to_array(ltrim(path, '$.'), '.');
CREATE FUNCTION instr(whole text, part text) RETURNS integer LANGUAGE sql IMMUTABLE RETURN strpos(whole, part);

-- Numbers without gaps, in the order of the commits: writers of one repository take turns.
CREATE FUNCTION number_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number IS NULL THEN
        NEW.number := (SELECT coalesce(max(number), 0) + 1 FROM events);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER number_event BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION number_event();
