"""Workflow to LangGraph: state, nodes, compilation and the loop that advances a run."""
