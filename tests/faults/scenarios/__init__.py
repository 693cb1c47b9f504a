"""All scenarios by what is harmed; each says what must hold nevertheless."""
