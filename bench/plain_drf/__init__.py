"""A plain chat API: a ModelViewSet for each table, as DRF's guide shows it."""
