"""The Python programs that the shell scripts beside this call."""
