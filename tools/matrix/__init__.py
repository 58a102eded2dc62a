"""What the matrix says and implies: checks, plan, table."""
