"""Where counts are kept: in memory, SQLite or Redis, behind one contract. What they mean is not said here."""
