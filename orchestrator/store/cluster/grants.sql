-- Three roles without a login; whoever runs the database grants them to the logins of people, workers and screens.
-- `handrail_read` looks. `handrail_enqueue` is for people: it begins runs, decides, and sends jobs, and touches no
-- checkpoint. `handrail_worker` advances runs, and writes no decision, no comment, no order to stop.
GRANT USAGE ON SCHEMA {schema} TO handrail_read, handrail_enqueue, handrail_worker;
GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO handrail_read, handrail_enqueue, handrail_worker;
GRANT INSERT, UPDATE ON runs, items, events, effects, blobs, timers, ticks, spending, leases
    TO handrail_enqueue, handrail_worker;
GRANT DELETE ON events, spending TO handrail_enqueue, handrail_worker;
GRANT INSERT, UPDATE, DELETE ON decisions, comments, drafts, steers, control, paused, halts, travelling
    TO handrail_enqueue;
GRANT DELETE ON blobs, runs, items TO handrail_enqueue; -- texts by retention, and drills
