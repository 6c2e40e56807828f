"""Scripts whose `.expected` holds what they should give, and what they do instead: strict expected failures.

Take a script out of here when it gives what it should. `golden.py --write` leaves these files alone unless they are
named.
"""

REPORTED = {
    # The rows.
    "good/text_is_a_number_in_arithmetic": "text is not taken as a number where one is wanted",
}
