"""What is kept of residents beside who they are: a file for each of the stories in bot/features/residents."""
