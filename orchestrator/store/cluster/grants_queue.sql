GRANT USAGE ON SCHEMA handrail, handrail_queue TO handrail_read, handrail_enqueue, handrail_worker;
GRANT SELECT ON ALL TABLES IN SCHEMA handrail, handrail_queue TO handrail_read, handrail_enqueue, handrail_worker;
GRANT INSERT, DELETE ON handrail.ends TO handrail_worker;
GRANT INSERT, UPDATE, DELETE ON handrail.workers TO handrail_worker;
GRANT INSERT, UPDATE ON handrail_queue.procrastinate_jobs TO handrail_enqueue;
GRANT INSERT ON handrail_queue.procrastinate_events TO handrail_enqueue;
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA handrail_queue TO handrail_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA handrail_queue TO handrail_enqueue, handrail_worker;
