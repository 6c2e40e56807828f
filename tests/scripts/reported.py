"""Scripts whose `.expected` holds what they should give, and what they do instead: strict expected failures.

Take a script out of here when it gives what it should. `golden.py --write` leaves these files alone unless they are
named.
"""

REPORTED: dict[str, str] = {}
