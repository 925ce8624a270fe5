"""Several machines: runs advanced by workers that share one database and one folder."""
