"""The only way out of a sandbox: model endpoints, granted hosts, credentials, budgets, record and replay."""
