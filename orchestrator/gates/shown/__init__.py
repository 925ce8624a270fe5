"""Examples of what the gates find: a change that has the finding and one that has not, for every code of ours."""
