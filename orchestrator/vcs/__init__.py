"""Version control: the user's repository, read and moved; trees built, integrated and compared in a private one."""
