"""What people do, one noun per file: functions over ports that return what changed."""
