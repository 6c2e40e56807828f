"""What every other room stands on: errors, spans, registries, options, functions, vectors."""
