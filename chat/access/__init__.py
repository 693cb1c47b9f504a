"""The permission rules of the chat. No other module has one.

`check_*` looks at a seat and raises a refusal. `access_*` fetches an object and checks
it: it returns the object or raises. A room that the actor may not see raises the same
refusal as a missing room, so that the two cannot be told apart.
"""
