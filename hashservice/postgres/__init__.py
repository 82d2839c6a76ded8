"""Django's PostgreSQL backend that tells the server for whom statements run."""
