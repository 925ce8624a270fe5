-- Of each run the two newest checkpoints are kept, and what they refer to; the rest goes with the write of a new one.
CREATE OR REPLACE FUNCTION keep_two() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    oldest text;
BEGIN
    SELECT min(checkpoint_id) INTO oldest FROM (
        SELECT checkpoint_id FROM checkpoints
        WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns
        ORDER BY checkpoint_id DESC LIMIT 2
    ) AS kept;
    DELETE FROM checkpoints
    WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns AND checkpoint_id < oldest;
    DELETE FROM checkpoint_writes
    WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns AND checkpoint_id < oldest;
    DELETE FROM checkpoint_blobs AS blob
    WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns AND NOT EXISTS (
        SELECT 1 FROM checkpoints
        WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns
        AND checkpoint -> 'channel_versions' ->> blob.channel = blob.version
    );
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER keep_two AFTER INSERT ON checkpoints FOR EACH ROW EXECUTE FUNCTION keep_two();
