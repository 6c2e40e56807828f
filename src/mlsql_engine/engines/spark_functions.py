"""How Spark prints a call of one of its functions: the name, and the arguments that it fills in.

The tables are those of Spark's sql-expression-schema.md, as far as they differ from `name(arguments)`.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CASTS: Final = _words(
    "bigint binary boolean date double float int smallint string timestamp timestamp_ltz tinyint"
)
_IN_CAPITALS: Final = _words(
    "acos acosh asin asinh atan atan2 atanh cbrt ceil cos cosh cot csc degrees dense_rank e exp expm1 "
    "floor hypot log log10 log1p log2 percent_rank pi power radians rank regexp regexp_like rlike sec "
    "signum sin sinh sqrt tan tanh"
)
_OTHERWISE: Final = {
    "array_agg": "collect_list",
    "curdate": "current_date",
    "current_database": "current_schema",
    "dateadd": "date_add",
    "random": "rand",
    "to_varchar": "to_char",
}
_FILLED_IN: Final = {
    "bround": (1, "0"),
    "from_unixtime": (1, "yyyy-MM-dd HH:mm:ss"),
    "lpad": (2, " "),
    "overlay": (3, "-1"),
    "regexp_instr": (2, "0"),
    "rpad": (2, " "),
    "lag": (1, "1", "NULL"),
    "lead": (1, "1", "NULL"),
    "locate": (2, "1"),
    "months_between": (2, "true"),
    "percentile": (2, "1"),
    "percentile_approx": (2, "10000"),
    "approx_percentile": (2, "10000"),
    "position": (2, "1"),
    "regexp_extract": (2, "1"),
    "regexp_extract_all": (2, "1"),
    "regexp_replace": (3, "1"),
    "round": (1, "0"),
    "sort_array": (1, "true"),
    "split": (2, "-1"),
    "str_to_map": (1, ",", ":"),
    "substr": (2, "2147483647"),
    "substring": (2, "2147483647"),
    "unix_timestamp": (1, "yyyy-MM-dd HH:mm:ss"),
}
"""From how many arguments on Spark adds which."""


MISSING: Final = _words(
    "aes_decrypt aes_encrypt approx_top_k approx_top_k_accumulate approx_top_k_estimate collect_union "
    "count_min_sketch counter_diff current_path from_base32 from_csv from_xml hash histogram_numeric "
    "hll_sketch_agg hll_sketch_estimate hmac input_file_block_length input_file_block_start input_file_name "
    "is_valid_utf8 is_valid_variant is_variant_null java_method kll_sketch_agg_bigint kll_sketch_agg_double "
    "kll_sketch_agg_float kll_sketch_get_n_bigint kll_sketch_get_n_double kll_sketch_get_n_float "
    "kll_sketch_get_quantile_bigint kll_sketch_get_quantile_double kll_sketch_get_quantile_float "
    "kll_sketch_get_rank_bigint kll_sketch_get_rank_double kll_sketch_get_rank_float "
    "kll_sketch_to_string_bigint kll_sketch_to_string_double kll_sketch_to_string_float luhn_check "
    "make_dt_interval make_valid_utf8 mask monotonically_increasing_id quote randn reflect schema_of_csv "
    "schema_of_json schema_of_variant schema_of_variant_agg schema_of_xml sentences session_window "
    "spark_partition_id st_geogfromwkb st_srid theta_sketch_agg theta_sketch_estimate to_base32 to_char to_csv "
    "to_number to_varchar to_variant_object to_xml try_aes_decrypt try_parse_json try_reflect try_to_binary "
    "try_to_number try_url_decode try_validate_utf8 try_variant_array_append try_variant_get "
    "try_variant_insert try_variant_set tuple_sketch_agg_double tuple_sketch_agg_integer "
    "tuple_sketch_estimate_double tuple_sketch_estimate_integer tuple_sketch_summary_double "
    "tuple_sketch_summary_integer tuple_sketch_theta_double tuple_sketch_theta_integer validate_utf8 "
    "variant_array_append variant_delete variant_get variant_insert variant_set variant_strip_nulls vector_avg "
    "vector_cosine_similarity vector_inner_product vector_l2_distance vector_norm vector_normalize vector_sum "
    "xpath xpath_boolean xpath_double xpath_float xpath_int xpath_long xpath_number xpath_short xpath_string "
    "xxhash64 "
)
"""Functions of Spark's that are not there on DuckDB, or have another meaning there."""

MANY_COLUMNS: Final = frozenset({"inline", "inline_outer", "json_tuple", "posexplode", "posexplode_outer", "stack"})
"""Functions that make several columns."""

RANKS: Final = frozenset({"row_number", "rank", "dense_rank", "percent_rank", "ntile"})
"""Window functions whose frame is all rows up to the current one."""


def call_name(name: str, arguments: list[str]) -> str:
    """The call as a column name; `name` in lower case, the arguments by their own names."""
    if name in _CASTS and len(arguments) == 1:
        return arguments[0]
    match name, arguments:
        case "isnull", [value]:
            return f"({value} IS NULL)"
        case "isnotnull", [value]:
            return f"({value} IS NOT NULL)"
        case "if", _:
            return f"(IF({', '.join(arguments)}))"
        case "like", [text, pattern]:
            return f"{text} LIKE {pattern}"
        case "positive", [value]:
            return f"(+ {value})"
        case "log", [value]:
            return f"LOG(E(), {value})"
        case (("first" | "first_value" | "last" | "last_value" | "any_value"), [value, _]):
            arguments = [value]
        case (("rank" | "dense_rank" | "percent_rank"), _):
            arguments = []
    least, *added = _FILLED_IN.get(name, (0,))
    if added and len(arguments) >= int(least):
        arguments += map(str, added[len(arguments) - int(least) :])
    name = _OTHERWISE.get(name, name)
    return f"{name.upper() if name in _IN_CAPITALS else name}({', '.join(arguments)})"
