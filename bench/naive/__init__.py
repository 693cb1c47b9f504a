"""The tutorials' way to chat with Channels, left as people usually write it."""
