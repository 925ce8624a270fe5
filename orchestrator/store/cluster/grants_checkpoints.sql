GRANT INSERT, UPDATE, DELETE ON checkpoints, checkpoint_blobs, checkpoint_writes TO handrail_worker;
REVOKE ALL ON checkpoints, checkpoint_blobs, checkpoint_writes FROM handrail_enqueue;
