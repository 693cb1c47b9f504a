"""What the shell scripts beside this call in Python."""
