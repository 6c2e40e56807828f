"""The vector functions of the language as DuckDB macros; `arrays` says how a macro is built.

The semantics are those of the original language (Spark ML's Vector, Breeze for arithmetic): NULL in gives
NULL out, stddev is that of a sample, results stay sparse where zeros stay zero. Sparse indices are taken to
ascend strictly: vec_sparse sees to it, and so must whatever else brings vectors into DuckDB.
"""

from __future__ import annotations

from typing import Final

from mlsql_engine.core.vectors import DENSE, DUCKDB_TYPE, INDICES, SIZE, SPARSE, TYPE, VALUES

from .arrays import fail_when, java_text, let, let_all, macro, sparse


def vector(expression: str) -> str:
    return f"CAST({expression} AS {DUCKDB_TYPE})"


def dense(values: str) -> str:
    """A dense vector; `values` is DOUBLE[]."""
    rest = f"'{SIZE}': NULL::INTEGER, '{INDICES}': NULL::INTEGER[], '{VALUES}': {values}"
    return f"{{'{TYPE}': {DENSE}::TINYINT, {rest}}}"


def is_dense(v: str) -> str:
    return f"{v}.{TYPE} = {DENSE}"


def size_of(v: str) -> str:
    return f"(CASE WHEN {is_dense(v)} THEN len({v}.{VALUES})::INTEGER ELSE {v}.{SIZE} END)"


def elements(v: str) -> str:
    """All elements as DOUBLE[]. A sparse vector is spread out in O(size): the zeros before the first stored
    value, then each stored value and the zeros up to the next."""
    size, indices, values = f"{v}.{SIZE}", f"{v}.{INDICES}", f"{v}.{VALUES}"
    leading = f"[list_resize([]::DOUBLE[], coalesce({indices}[1], {size}), 0.0)]"
    run = f"list_resize([{values}[__k]], coalesce({indices}[__k + 1], {size}) - __i, 0.0)"
    spread = f"flatten({leading} || list_transform({indices}, lambda __i, __k: {run}))"
    return f"(CASE WHEN {is_dense(v)} THEN {values} ELSE {spread} END)"


def dot(a: str, b: str) -> str:
    return f"list_inner_product({a}, {b})"


def squares(values: str) -> str:
    """The sum of the squares of a list that is worth evaluating only once."""
    return f"list_transform([{values}], lambda __d: {dot('__d', '__d')})[1]"


def of_one(body: str) -> tuple[str, str]:
    """A function of one vector `__v`; `body` is the rest of a CASE."""
    return "v", let("__v", vector("v"), body)


def of_two(name: str, body: str) -> tuple[str, str]:
    """A function of two vectors of one size, `__v.a` and `__v.b`; `body` is the rest of a CASE."""
    a, b = size_of("__v.a"), size_of("__v.b")
    check = fail_when(f"{a} <> {b}", f"{name}: the vectors have sizes {{{a}}} and {{{b}}}")
    return "a, b", let_all(check + body, a=vector("a"), b=vector("b"))


def with_scalar(body: str) -> tuple[str, str]:
    """A function of the vector `__v.v` and the number `__v.s`."""
    return "v, s", let_all(body, v=vector("v"), s="CAST(s AS DOUBLE)")


A_INDICES, A_VALUES = f"__v.a.{INDICES}", f"__v.a.{VALUES}"
B_INDICES, B_VALUES = f"__v.b.{INDICES}", f"__v.b.{VALUES}"
BOTH_SPARSE: Final = f"__v.a.{TYPE} = {SPARSE} AND __v.b.{TYPE} = {SPARSE}"
B_AT_A: Final = f"coalesce({B_VALUES}[list_position({B_INDICES}, __i)], 0.0)"
"""Both sparse, inside a lambda over a's indices with parameter __i: b's element there."""
B_NOT_IN_A: Final = f"list_transform({B_INDICES}, lambda __i: NOT list_contains({A_INDICES}, __i))"


def by_element(expression: str) -> str:
    """DOUBLE[] of `expression` over the elements `__t[1]` of a and `__t[2]` of b."""
    return f"list_transform(list_zip({elements('__v.a')}, {elements('__v.b')}), lambda __t: {expression})"


def of_stored(v: str, expression: str) -> str:
    """The vector with `expression` of each stored value `__x`: for what leaves 0 as it is."""
    return f"struct_update({v}, {VALUES} := list_transform({v}.{VALUES}, lambda __x: {expression}))"


def sum_or_difference(name: str, operator: str) -> tuple[str, str]:
    """Sparse if both are: a's indices, then b's that a lacks, then both brought into order."""
    size, extra = (
        f"__v.a.{SIZE}",
        f"list_transform(list_where({B_VALUES}, __w.e), lambda __x: 0.0 {operator} __x)",
    )
    shared = f"list_transform({A_INDICES}, lambda __i, __k: {A_VALUES}[__k] {operator} {B_AT_A})"
    merged = f"{{'i': {A_INDICES} || list_where({B_INDICES}, __w.e), 'x': {shared} || {extra}}}"
    ordered = sparse(size, "list_select(__u.i, __o)", "list_select(__u.x, __o)")
    union = let("__u", merged, f"ELSE {let('__o', 'list_grade_up(__u.i)', f'ELSE {ordered}')}")
    union = let("__w", f"{{'e': {B_NOT_IN_A}}}", f"ELSE {union}")
    pairs = f"list_transform(list_zip({A_VALUES}, {B_VALUES}), lambda __t: __t[1] {operator} __t[2])"
    return of_two(
        name,
        f"WHEN {BOTH_SPARSE} AND {A_INDICES} = {B_INDICES} THEN {sparse(size, A_INDICES, pairs)} "
        f"WHEN {BOTH_SPARSE} THEN {union} ELSE {dense(by_element(f'__t[1] {operator} __t[2]'))}",
    )


def product() -> tuple[str, str]:
    """Sparse if either is: only where every sparse operand has a stored value."""

    def gathered(one: str, other: str) -> str:
        at = f"{one}.{VALUES}[__k] * {other}.{VALUES}[__i + 1]"
        values = f"list_transform({one}.{INDICES}, lambda __i, __k: {at})"
        return sparse(f"{one}.{SIZE}", f"{one}.{INDICES}", values)

    shared = f"list_filter({A_INDICES}, lambda __i: list_contains({B_INDICES}, __i))"
    at = f"{A_VALUES}[__k] * {B_VALUES}[list_position({B_INDICES}, __i)]"
    products = f"list_transform({A_INDICES}, lambda __i, __k: {at})"
    both = sparse(f"__v.a.{SIZE}", shared, f"list_filter({products}, lambda __x: __x IS NOT NULL)")
    return of_two(
        "vec_wise_mul",
        f"WHEN {BOTH_SPARSE} THEN {both} "
        f"WHEN __v.a.{TYPE} = {SPARSE} THEN {gathered('__v.a', '__v.b')} "
        f"WHEN __v.b.{TYPE} = {SPARSE} THEN {gathered('__v.b', '__v.a')} "
        f"ELSE {dense(by_element('__t[1] * __t[2]'))}",
    )


def squared_distance() -> tuple[str, str]:
    differences = f"list_transform({A_INDICES}, lambda __i, __k: {A_VALUES}[__k] - {B_AT_A})"
    both = f"{squares(differences)} + {squares(f'list_where({B_VALUES}, {B_NOT_IN_A})')}"
    return of_two("vec_sqdist", f"WHEN {BOTH_SPARSE} THEN {both} ELSE {squares(by_element('__t[1] - __t[2]'))}")


def cosine() -> tuple[str, str]:
    both = dot(A_VALUES, f"list_transform({A_INDICES}, lambda __i: {B_AT_A})")
    product = f"CASE WHEN {BOTH_SPARSE} THEN {both} ELSE {dot(elements('__v.a'), elements('__v.b'))} END"
    norms = f"sqrt({dot(A_VALUES, A_VALUES)}) * sqrt({dot(B_VALUES, B_VALUES)})"
    quotient = let("__n", norms, f"WHEN __n = 0 THEN 'NaN'::DOUBLE ELSE ({product}) / __n")
    return of_two("vec_cosine", f"WHEN {size_of('__v.a')} = 0 THEN 0.0 ELSE {quotient}")


def norm() -> tuple[str, str]:
    x = f"__v.v.{VALUES}"
    absolute = f"list_transform({x}, lambda __x: abs(__x))"
    powers = f"list_transform({x}, lambda __x: pow(abs(__x), __v.s))"
    return with_scalar(
        fail_when("__v.s < 1 OR isnan(__v.s)", "vec_norm: p must be at least 1, it is {__v.s}")
        + f"WHEN len({x}) = 0 THEN 0.0 WHEN __v.s = 2 THEN sqrt({dot(x, x)}) "
        f"WHEN __v.s = 1 THEN list_sum({absolute}) WHEN isinf(__v.s) THEN list_max({absolute}) "
        f"ELSE pow(list_sum({powers}), 1 / __v.s)"
    )


def from_array() -> tuple[str, str]:
    at = "list_position(__v, NULL)"
    check = fail_when(f"{at} IS NOT NULL", f"vec_dense: the array holds NULL at index {{({at} - 1)}}")
    return "a", let("__v", "CAST(a AS DOUBLE[])", f"{check}ELSE {dense('__v')}")


def from_map() -> tuple[str, str]:
    keys, values = "map_keys(__v.m)", "map_values(__v.m)"
    out = f"list_filter({keys}, lambda __i: __i < 0 OR __i >= __v.n)"
    null_at = f"list_position({values}, NULL)"
    ordered = sparse("__v.n", f"list_select({keys}, __o)", f"list_select({values}, __o)")
    checks = (
        fail_when("__v.n < 0", "vec_sparse: the size must not be negative, it is {__v.n}")
        + fail_when(
            f"len({out}) > 0",
            f"vec_sparse: index {{{out}[1]}} is out of range for a vector of size {{__v.n}}",
        )
        + fail_when(f"{null_at} IS NOT NULL", f"vec_sparse: the value of index {{{keys}[{null_at}]}} is NULL")
    )
    body = f"{checks}ELSE {let('__o', f'list_grade_up({keys})', f'ELSE {ordered}')}"
    return "n, m", let_all(body, n="CAST(n AS INTEGER)", m="CAST(m AS MAP(INTEGER, DOUBLE))")


def argmax() -> tuple[str, str]:
    """The first greatest element; NaN counts only as the first stored value (Spark's rule). Where a sparse
    vector's stored values are not above 0, its first implicit zero competes."""
    x, i, at = f"__v.{VALUES}", f"__v.{INDICES}", f"list_position(__v.{VALUES}, __m.g)"
    numbers = f"list_filter({x}, lambda __x: NOT isnan(__x))"
    greatest = (
        f"CASE WHEN NOT isnan(list_max({x})) THEN list_max({x}) "
        f"WHEN isnan({x}[1]) THEN {x}[1] ELSE list_max({numbers}) END"
    )
    gaps = f"list_transform({i}, lambda __i, __k: __i <> __k - 1)"
    first_zero = f"coalesce(list_position({gaps}, true) - 1, len({i}))"
    place = (
        f"WHEN {is_dense('__v')} THEN {at} - 1 WHEN __m.g > 0 OR len({i}) = __v.{SIZE} THEN {i}[{at}] "
        f"WHEN __m.g = 0 THEN least({i}[{at}], {first_zero}) ELSE {first_zero}"
    )
    found = let("__m", f"{{'g': {greatest}}}", place)
    return of_one(f"WHEN {size_of('__v')} = 0 THEN -1 WHEN len({x}) = 0 THEN 0 ELSE ({found})::INTEGER")


def nulls_in(vectors: str) -> str:
    return f"list_position(list_transform({vectors}, lambda __e: __e IS NULL), true)"


def concatenation(vectors: str) -> str:
    """What Spark's VectorAssembler makes: zeros are dropped and the smaller of both kinds is taken, sparse
    when 1.5 (stored + 1) < size."""
    sizes = f"list_transform(__v, lambda __e: {size_of('__e')})"
    here = f"CASE WHEN {is_dense('__e')} THEN range(len(__e.{VALUES}))::INTEGER[] ELSE __e.{INDICES} END"
    shifted = f"list_transform({here}, lambda __i: __i + coalesce(list_sum(__c.n[:__k - 1]), 0))"
    indices = f"flatten(list_transform(__v, lambda __e, __k: {shifted}))"
    small = sparse("__m.n", f"list_where({indices}, __m.s)", "list_where(__c.x, __m.s)")
    large = dense(f"flatten(list_transform(__v, lambda __e: {elements('__e')}))")
    smaller = let(
        "__m",
        "{'s': list_transform(__c.x, lambda __x: __x <> 0), 'n': coalesce(list_sum(__c.n), 0)}",
        f"WHEN 1.5 * (coalesce(list_sum(__m.s::INTEGER[]), 0) + 1) < __m.n THEN {small} ELSE {large}",
    )
    stored = f"{{'x': flatten(list_transform(__v, lambda __e: __e.{VALUES})), 'n': {sizes}}}"
    at = nulls_in("__v")
    check = fail_when(f"{at} IS NOT NULL", f"vec_concat: the array holds NULL at index {{({at} - 1)}}")
    return let("__v", f"CAST({vectors} AS {DUCKDB_TYPE}[])", f"{check}ELSE {let('__c', stored, f'ELSE {smaller}')}")


def concatenation_of(*names: str) -> tuple[str, str]:
    """The overload that takes vectors instead of an array of them: a NULL one gives NULL."""
    listed = ", ".join(vector(name) for name in names)
    present = let("__l", f"[{listed}]", f"WHEN {nulls_in('__l')} IS NULL THEN __l")
    return ", ".join(names), concatenation(present)


def slice_at() -> tuple[str, str]:
    size = size_of("__v.v")
    out = f"list_filter(__v.i, lambda __i: __i < 0 OR __i >= {size})"
    places = f"list_transform(__v.i, lambda __i: list_position(__v.v.{INDICES}, __i))"
    stored = f"list_select(__v.v.{VALUES}, list_filter(__p, lambda __i: __i IS NOT NULL))"
    indices = "list_filter(range(len(__p)), lambda __i: __p[__i + 1] IS NOT NULL)"
    found = sparse("len(__p)", indices, stored)
    picked = dense(f"list_select(__v.v.{VALUES}, list_transform(__v.i, lambda __i: __i + 1))")
    body = (
        fail_when(
            "list_position(__v.i, NULL) IS NOT NULL",
            "vec_slice: the array of indices holds NULL at index {(list_position(__v.i, NULL) - 1)}",
        )
        + fail_when(
            f"len({out}) > 0",
            f"vec_slice: index {{{out}[1]}} is out of range for a vector of size {{{size}}}",
        )
        + f"WHEN {is_dense('__v.v')} THEN {picked} "
        f"ELSE {let('__p', places, f'ELSE {found}')}"
    )
    return "v, indices", let_all(body, v=vector("v"), i="CAST(indices AS INTEGER[])")


def range_of() -> tuple[str, str]:
    size, low, high = size_of("__v.v"), "__v.r[1]", "__v.r[2]"
    inside = f"list_transform(__v.v.{INDICES}, lambda __i: __i >= {low} AND __i < {high})"
    indices = f"list_transform(list_where(__v.v.{INDICES}, {inside}), lambda __i: __i - {low})"
    kept = sparse(f"{high} - {low}", indices, f"list_where(__v.v.{VALUES}, {inside})")
    body = (
        fail_when("len(__v.r) <> 2", "vec_range: the range must be array(from, to), its length is {len(__v.r)}")
        + fail_when(
            f"coalesce({low} < 0 OR {low} > {high} OR {high} > {size}, true)",
            "vec_range: the range from {coalesce(__v.r[1]::VARCHAR, 'NULL')} to "
            f"{{coalesce(__v.r[2]::VARCHAR, 'NULL')}} does not fit a vector of size {{{size}}}",
        )
        + f"WHEN {is_dense('__v.v')} THEN {dense(f'__v.v.{VALUES}[{low} + 1:{high}]')} ELSE {kept}"
    )
    return "v, bounds", let_all(body, v=vector("v"), r="CAST(bounds AS INTEGER[])")


MEAN: Final = f"coalesce(list_sum(__v.{VALUES}), 0.0) / {size_of('__v')}"


def deviation() -> tuple[str, str]:
    size, x = size_of("__v"), f"__v.{VALUES}"
    stored = squares(f"list_transform({x}, lambda __x: __x - __m)")
    variance = f"({stored} + ({size} - len({x})) * __m * __m) / ({size} - 1)"
    return of_one(f"WHEN {size} < 2 THEN 0.0 ELSE {let('__m', MEAN, f'ELSE sqrt({variance})')}")


def joined() -> tuple[str, str]:
    texts = f"list_transform({elements('__v.v')}, lambda __x: {java_text('__x', '__x::VARCHAR')})"
    # array_to_string wants a constant separator; no number holds a comma.
    body = f"ELSE replace(array_to_string({texts}, ','), ',', __v.s)"
    return "splitter, v", let_all(body, v=vector("v"), s="CAST(splitter AS VARCHAR)")


REMAINDERS: Final = by_element("coalesce(__t[1] % __t[2], 'NaN'::DOUBLE)")
SHIFTED: Final = f"list_transform({elements('__v.v')}, lambda __x: __x + __v.s)"

MACROS: Final = (
    macro("vec_dense(array)", "A dense vector of an array of numbers; a NULL in it is an error.", from_array()),
    macro(
        "vec_sparse(size, map)",
        "A sparse vector of a size and a map from indices (from 0, in any order) to numbers; zeros stay.",
        from_map(),
    ),
    macro("vec_array(v)", "All elements as array<double>.", of_one(f"ELSE {elements('__v')}")),
    macro("vec_size(v)", "The number of elements.", of_one(f"ELSE {size_of('__v')}")),
    macro("vec_argmax(v)", "The index, from 0, of the first greatest element; -1 for size 0.", argmax()),
    macro(
        "vec_concat(array of vectors)",
        "One vector of all; also vec_concat(a, b), of up to four. Sparse when 1.5 (non-zeros + 1) < size, "
        "else dense. A NULL in the array is an error, a NULL argument gives NULL.",
        ("vectors", concatenation("vectors")),
        *(concatenation_of(*"abcd"[:count]) for count in (2, 3, 4)),
    ),
    macro(
        "vec_slice(v, indices)",
        "The elements at an array of indices, from 0, in that order; of v's kind. Out of range is an error.",
        slice_at(),
    ),
    macro(
        "vec_range(v, array(from, to))",
        "The elements from index `from` to before `to`; of v's kind. 0 <= from <= to <= size must hold.",
        range_of(),
    ),
    macro(
        "vec_norm(v[, p])",
        "The p-norm, p from 1 to infinity; without p the 2-norm.",
        of_one(f"ELSE sqrt({dot(f'__v.{VALUES}', f'__v.{VALUES}')})"),
        norm(),
    ),
    macro("vec_sqdist(a, b)", "The square of the Euclidean distance.", squared_distance()),
    macro("vec_cosine(a, b)", "The cosine of the angle: NaN if either is all zeros, 0 for size 0.", cosine()),
    macro(
        "vec_mean(v)",
        "The mean of all elements, zeros included; NaN for size 0.",
        of_one(f"WHEN {size_of('__v')} = 0 THEN 'NaN'::DOUBLE ELSE {MEAN}"),
    ),
    macro("vec_stddev(v)", "The standard deviation of a sample (size - 1); 0 below two elements.", deviation()),
    macro("vec_wise_add(a, b)", "a + b by element; sparse if both are.", sum_or_difference("vec_wise_add", "+")),
    macro("vec_wise_dif(a, b)", "a - b by element; sparse if both are.", sum_or_difference("vec_wise_dif", "-")),
    macro(
        "vec_wise_mul(a, b)",
        "a * b by element; sparse if either is: what a sparse vector does not store stays 0.",
        product(),
    ),
    macro(
        "vec_wise_mod(a, b)",
        "The remainder of a / b by element, with a's sign; NaN where b is 0. Dense.",
        of_two("vec_wise_mod", f"ELSE {dense(REMAINDERS)}"),
    ),
    macro(
        "vec_inplace_add(v, s)",
        "The number s added to every element. Dense.",
        with_scalar(f"ELSE {dense(SHIFTED)}"),
    ),
    macro(
        "vec_inplace_ew_mul(v, s)",
        "Every element times the number s; of v's kind.",
        with_scalar(f"ELSE {of_stored('__v.v', '__x * __v.s')}"),
    ),
    macro(
        "vec_ceil(v)",
        "Every element rounded up; of v's kind.",
        of_one(f"ELSE {of_stored('__v', 'ceil(__x)')}"),
    ),
    macro(
        "vec_floor(v)",
        "Every element rounded down; of v's kind.",
        of_one(f"ELSE {of_stored('__v', 'floor(__x)')}"),
    ),
    macro(
        "vec_mk_string(splitter, v)",
        "All elements as text, as Spark writes numbers, with the splitter between them.",
        joined(),
    ),
)
