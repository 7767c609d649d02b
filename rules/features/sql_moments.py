"""The float of `rules/features/moments.py` in DuckDB's SQL, of the same whole numbers, bit by bit.

A mean is one division of two numbers that are exact. A deviation's quotient is past what a 64-bit
float holds, and Python rounds such a quotient once: so here it is first made a whole number of 58
to 60 binary digits, with the last one set where something is left over (which no rounding can then
take for a half), and that is made a float. 128 bits suffice for thirteen million amounts of the
largest kind.
"""

MEAN = "CASE WHEN n > 0 THEN total::BIGINT::DOUBLE / n::DOUBLE END"
DEVIATION = """\
CASE WHEN above > 0 THEN sqrt(
             (whole + (whole % 2 = 0 AND dividend % divisor <> 0)::INT)::BIGINT::DOUBLE
             * pow(2e0, -shift))
           WHEN n > 0 THEN 0e0 END"""


def with_quotient(measured: str) -> str:
    """`measured` (n, total, squares) and beside it what `DEVIATION` is made of."""
    return f"""\
(
      SELECT *, dividend // divisor AS whole
      FROM (
        SELECT *, above * (1::HUGEINT << greatest(shift, 0)) AS dividend,
          below * (1::HUGEINT << greatest(-shift, 0)) AS divisor
        FROM (
          SELECT *, CASE WHEN above > 0
            THEN 58 - floor(log2(above::DOUBLE / below::DOUBLE))::INT END AS shift
          FROM (
            SELECT *, n::HUGEINT * squares - total * total AS above, n::HUGEINT * n AS below
            FROM {measured}))))"""  # noqa: S608  (a name of ours)
