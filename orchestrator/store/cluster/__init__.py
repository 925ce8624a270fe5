"""The same store where several machines work: PostgreSQL for what ``runs.db`` and ``checkpoints.db`` hold on one."""
