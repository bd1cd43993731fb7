"""Published tables that answer one question each: breakdowns over relations, and why records are one entity."""
