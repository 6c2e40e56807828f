"""Writes data/wine.csv: the measurements of 178 wines that ship with scikit-learn, alcohol last."""

import csv
from pathlib import Path

from sklearn.datasets import load_wine

wine = load_wine()
names = [name.replace("/", "_") for name in wine.feature_names]
alcohol = names.index("alcohol")
order = [index for index in range(len(names)) if index != alcohol] + [alcohol]
place = Path(__file__).parent / "data" / "wine.csv"
place.parent.mkdir(exist_ok=True)
with place.open("w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(names[index] for index in order)
    writer.writerows([float(row[index]) for index in order] for row in wine.data)
