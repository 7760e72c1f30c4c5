"""What people bring: files and tables, the columns and labels in them, and their first checks."""
