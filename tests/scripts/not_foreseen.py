"""Wrong scripts whose error only a run can find, each with the reason; `mlsql check` has to find all others'."""

from __future__ import annotations

_BY_REASON: dict[str, str] = {
    "the rows are not looked at": """
        assert_fails assert_many_rows assert_null assert_one_row empty_jsonstr insert_wrong_value
        insert_values_differ_in_length jsonstr_not_objects malformed_csv malformed_json malformed_jsonstr
        malformed_libsvm malformed_libsvm_order malformed_libsvm_size malformed_parquet set_sql_no_rows set_sql_null
        sql_overflow_when_read sql_too_many_rows cache_fails
        """,
    "columns and their types are known to an engine that has the tables": """
        assert_not_boolean assert_unknown_column condition_array condition_not_boolean condition_text
        condition_text_is_no_number condition_unknown_column create_query_wrong create_view_too_few_names
        include_error_inside include_error_two_deep insert_into_a_select insert_too_few_values
        insert_too_many_values insert_unknown_column predict_column_taken script_table_of_another_form
        save_partition_by_all
        save_partition_twice sql_aggregate sql_ambiguous_column sql_type sql_vector_field
        sql_vector_field_subscript sql_vector_function_of_number unknown_column unknown_column_alias
        unknown_column_in_function unknown_column_partition unknown_column_qualified unknown_column_where
        """,
    "a database is asked when its rows are loaded or saved": """
        jdbc_no_file jdbc_no_server jdbc_other_type jdbc_query jdbc_save_exists jdbc_save_vector jdbc_unknown_table
        """,
    "functions are known to an engine": """
        condition_of_the_second_branch function_gone script_aggregate_in_where script_aggregate_of_an_aggregate
        unknown_function unknown_function_vector
        """,
    "which options go together is known to the format": "load_model_params_version_of_algorithm",
    "settings are the engine's, and the engine is chosen when the script is run": """
        set_conf_memory set_conf_time_zone set_conf_unknown set_conf_value
        """,
    "encodings are the engine's": "value_encoding",
    "the command or the script is not run": """
        model_damaged model_return_type
        model_without_estimator predict_raises script_argument_of_text script_decimal script_method_missing
        script_raises script_syntax script_too_few_arguments script_type_not_said script_wrong_value
        set_shell_fails set_shell_silent train_exits train_nothing train_raises train_strict_version train_syntax
        """,
    "the algorithm itself looks at it when it trains": """
        interpreter_missing model_metric_and_group parallel_command parallel_unknown_key train_resource_missing
        train_resource_twice
        """,
    "which versions a model has is known when the script that trains it has run": """
        load_model_metrics_version model_alias_of_no_version model_alias_unknown model_group_missing
        model_metric_missing model_remove_has_alias model_rollback_too_far model_version_missing
        model_version_unknown_alias unregister_nothing
        """,
    "what is at the place that is written may be another thing when the statement is reached": """
        create_exists model_path_is_file save_append_to_file save_below_a_file save_exists
        """,
    "no broker is asked before the training": "kafka_unreachable",
    "the session may have run something before": "kill_no_job last_command_nothing",
}
NOT_FORESEEN: dict[str, str] = {name: reason for reason, names in _BY_REASON.items() for name in names.split()}

ALARMS: dict[str, str] = {
    "if_other_branches_are_not_run": "which branch is taken is not known: what is missing in any of them is told",
}
