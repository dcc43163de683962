"""The bulk evaluator: many principals by many requests, answered together as the engine answers each alone."""
