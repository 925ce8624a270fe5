"""One file per node kind. A node takes the context and the state, and returns its update with an outcome."""
