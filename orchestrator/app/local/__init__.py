"""Runs advanced by processes of this machine; :mod:`..cluster` has the same for many."""
