"""SQL, the pool, the migrations and the embedded server: all that knows PostgreSQL."""
