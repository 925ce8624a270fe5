"""Pure yes and no: path grants, verdicts, routing of approvals, proofs over workflows. No I/O."""
