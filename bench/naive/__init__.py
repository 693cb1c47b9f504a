"""The tutorials' way to chat with Channels, kept as it is usually written."""
