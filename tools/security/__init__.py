"""What is known of the security of the packages that images hold, and what is done about it."""
