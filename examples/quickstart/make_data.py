"""Write scikit-learn's breast cancer data as libsvm text: 569 rows, 30 features, nothing is downloaded."""

from pathlib import Path

from sklearn.datasets import dump_svmlight_file, load_breast_cancer

folder = Path(__file__).parent / "data"
folder.mkdir(exist_ok=True)
features, labels = load_breast_cancer(return_X_y=True)
dump_svmlight_file(features, labels, str(folder / "sample_libsvm_data.txt"), zero_based=False)
