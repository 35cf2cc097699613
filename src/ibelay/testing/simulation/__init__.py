"""The whole system in one process and in virtual time: one seed is one run. Not pure."""
