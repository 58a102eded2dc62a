"""Evaluate the plain expressions of an SQLTransformer's statement, with SQL's own null."""
