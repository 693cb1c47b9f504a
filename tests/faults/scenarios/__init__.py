"""All scenarios, by the thing that is harmed; each names the promises that hold."""
