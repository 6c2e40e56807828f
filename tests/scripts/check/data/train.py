import mlsql

mlsql.save_model(1)
