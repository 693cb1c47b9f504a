"""The load generator and the tutorials' way; nothing here is imported by Hubbub."""
