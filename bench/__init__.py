"""The load generator and the baseline, which is the tutorials' way to chat.

Hubbub imports nothing from here.
"""
