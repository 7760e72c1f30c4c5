"""What people pass in: taken, checked, cut into batches, looked at column by column."""
