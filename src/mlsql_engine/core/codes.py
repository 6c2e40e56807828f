"""The stable codes of errors and warnings, and what each means. `docs/errors.md` is made from this."""

from __future__ import annotations

from typing import Final

ERRORS: Final[dict[str, str]] = {
    "BAD_VALUE": "An option or argument has the wrong form, is given twice, or is missing.",
    "CANNOT_START": "A worker process could not be started, or did not come up.",
    "CANNOT_WRITE": "A file or folder cannot be written: rights, a missing disk, a full disk.",
    "CRASHED": "A worker process was ended by a signal, which the message names.",
    "DATA": "A file cannot be read as the format that it is loaded as.",
    "DUPLICATE_NAME": "Two packages offer a format, algorithm or engine of the same name.",
    "ENCODING": "A script is not UTF-8 text.",
    "EXISTS": "The place to save to is taken, and the statement does not say what then.",
    "FILE_NOT_FOUND": "A file or folder that the script names is not there.",
    "INTERNAL": "A mistake in mlsql itself: please report it.",
    "MALFORMED_LIBSVM": "A line of a libsvm file is wrong; the message has its number.",
    "MISSING_EXTRA": "An optional library is not installed; the help has the line that installs it.",
    "MODEL": "The model is there, but not what was asked of it.",
    "NO_MODEL": "There is no model at the path, or not of that version.",
    "NO_MODEL_WRITTEN": "The training script ended well but left no file in its model folder.",
    "NO_ROWS": "A text that is loaded as rows is empty.",
    "OUT_OF_MEMORY": "The engine has no more memory and nowhere to spill to.",
    "PROTOCOL": "A worker said something that is not of the protocol, or closed its connection.",
    "PYTHON_VERSION": "The interpreter is not of the version that systemParam.pythonVer asks for.",
    "SCRIPT_CONTRACT": "The user's script runs, but does not do what its contract asks.",
    "SCRIPT_EXITED": "The user's script ended its process with a status other than success.",
    "SCRIPT_FAILED": "The user's script raised an exception; its traceback follows.",
    "SESSION_CLOSED": "The session was closed; its tables and functions are gone.",
    "SQL": "The engine refuses a query, or a value at run time.",
    "SYNTAX": "The text is not MLSQL, or a query is not Spark SQL.",
    "TIMEOUT": "A script did not end in the time that the option timeout gives it.",
    "UNKNOWN_ALGORITHM": "There is no algorithm of that name.",
    "UNKNOWN_COLUMN": "The tables of the query have no column of that name.",
    "UNKNOWN_COMMAND": "There is no !command of that name.",
    "UNKNOWN_ENGINE": "There is no engine of that name.",
    "UNKNOWN_FIELD": "A struct has no field of that name.",
    "UNKNOWN_FORMAT": "There is no format of that name, or it cannot be loaded, or saved.",
    "UNKNOWN_FUNCTION": "Neither the session nor the engine has a function of that name.",
    "UNKNOWN_INTERPRETER": "The Python that systemParam.pythonPath names is not there.",
    "UNKNOWN_OPTION": "The format, algorithm or statement has no such option.",
    "UNKNOWN_TABLE": "The session has no table of that name.",
    "UNKNOWN_TABLE_FUNCTION": "FROM knows no function of that name.",
    "UNKNOWN_TOPIC": "!show knows other topics.",
    "UNKNOWN_VARIABLE": "No variable of that name was set.",
    "UNREADABLE_FILE": "A file is there but cannot be read.",
    "UNSUPPORTED": "The language has it, this version of mlsql does not.",
}

WARNINGS: Final[dict[str, str]] = {
    "HIDDEN_FUNCTION": "A model is registered under the name of a built-in function, which it hides.",
    "KAFKA_LOG": "kafkaParam is given with local data: the training log is shown, not sent to Kafka.",
    "PYTHON_VERSION": "The interpreter is not of the version that systemParam.pythonVer asks for, and runs anyway.",
}
