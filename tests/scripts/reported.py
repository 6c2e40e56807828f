"""Scripts whose `.expected` holds what they should give, and what they do instead: strict expected failures.

Take a script out of here when it gives what it should. `golden.py --write` leaves these files alone unless they are
named.
"""

_STATEMENT = "the carets are under the whole statement, not under what is wrong in it"
_DUCKDB = "DuckDB's words and types, not Spark's"

REPORTED = {
    # No error at all, or no MLSQL error.
    "errors/malformed_csv": "a line with too many values makes DuckDB take it for the header: all rows are lost",
    "errors/jsonstr_not_objects": "text that is no object gives a table without rows",
    "errors/sql_trailing_comma": "a missing column is passed over",
    "errors/syntax_select_broken": "a missing column is passed over",
    # The place.
    "errors/sql_ambiguous_column": _STATEMENT,
    "errors/value_encoding": _STATEMENT,
    "errors/malformed_libsvm": "no place in the script",
    "errors/malformed_libsvm_order": "no place in the script",
    "errors/malformed_libsvm_size": "no place in the script",
    # The words.
    "errors/empty_jsonstr": "does not name the variable",
    "errors/file_missing_glob": "lists all files for a pattern",
    "errors/malformed_json": "the line is counted one too far, and the words are DuckDB's",
    "errors/malformed_jsonstr": "the line is counted one too far, and the variable is not named",
    "errors/malformed_parquet": _DUCKDB,
    "errors/save_below_a_file": "'File exists' for a path below a file",
    "errors/sql_aggregate": _DUCKDB,
    "errors/sql_overflow_when_read": "DuckDB's 'out of Range Error' is left in the message",
    "errors/sql_too_few_arguments": "does not say what is missing",
    "errors/sql_too_many_arguments": "sqlglot's words",
    "errors/sql_too_many_rows": "names a setting of DuckDB",
    "errors/sql_type": _DUCKDB,
    "errors/sql_vector_function_of_number": _DUCKDB,
    "errors/syntax_delete": "guesses 'select' for 'delete'",
    "errors/syntax_option_bare_word": "does not say that the word wants quotes",
    "errors/syntax_path_without_quotes": "'load csv.data' is taken for a format csv.data",
    "errors/syntax_save_mode": "does not guess the mode",
    "errors/syntax_select_keyword": "does not name what is not expected",
    "errors/syntax_select_unclosed": "'expecting )'",
    "errors/syntax_with_no_select": "'expecting ('",
    "errors/train_script_is_folder": "shows Python's own tokenize.py",
    "errors/unknown_column_alias": "no hint",
    "errors/unknown_column_qualified": "no hint",
    "errors/unknown_column_where": "the hint lists only the columns that DuckDB finds near",
    "errors/unknown_function": "knows only our own functions, not Spark's",
    "errors/unknown_variable_empty_name": "there is no variable ''",
    # The rows.
    "good/select_doubled_quote": "a doubled quote is lost",
    "good/sum_of_whole_numbers": "the sum of whole numbers is a decimal(38, 0), not a bigint",
    "good/text_is_a_number_in_arithmetic": "text is not taken as a number where one is wanted",
}
