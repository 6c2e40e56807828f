# ruff: noqa
print("nothing to save")
