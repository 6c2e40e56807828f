"""Select lists that are evaluated without an engine; `plan.Plan` is one, `binding.bind` makes it."""
