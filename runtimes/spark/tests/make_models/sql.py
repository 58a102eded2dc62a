"""Models of statements: plain expressions of columns, and what needs all rows at once."""

from runtimes.spark.tests.make_models.recipes import Model, stage

NAN = float("nan")
COLUMNS = {"a": "double", "n": "int", "colour": "string", "size": "string"}
ROWS = [
    (1.5, 2, "red", "S"),
    (-2.25, 4, "green", "M"),
    (0.0, 1, " blue ", "l"),
    (2.5, 3, "", None),
    (None, None, None, "XL"),
    (NAN, 1, "über", "S"),
    (1e3, -3, "rEd", "s"),
]
ARITHMETIC = [
    "a * 2 + n AS doubled",
    "a / n AS ratio",
    "n % 3 AS rest",
    "-a AS minus",
    "n div 2 AS half",
    "a - 1 AS less",
    "CAST(nanvl(a, 0.5D) AS INT) AS cast_int",
    "CAST(n AS STRING) AS cast_text",
    "CAST(n AS DOUBLE) AS cast_double",
]
CHOICES = [
    "CASE WHEN a > 1 THEN 'high' WHEN a IS NULL THEN 'none' ELSE 'low' END AS grade",
    "CASE colour WHEN 'red' THEN 1 WHEN 'green' THEN 2 END AS simple_case",
    "coalesce(a, 0.0D) AS known",
    "isnull(a) AS is_unknown",
    "nvl(colour, 'none') AS nvl_colour",
    "a > 0 AND n < 3 OR NOT (n = 4) AS logic",
    "a BETWEEN 0 AND 2 AS inside",
    "n IN (1, 3) AS one_of",
    "if(a > 0, n, -n) AS signed",
    "greatest(a, 0.5D, 1.0D) AS larger",
    "least(a, 0.5D) AS smaller",
]
TEXTS = [
    "upper(colour) AS upper_colour",
    "lower(size) AS lower_size",
    "length(colour) AS colour_length",
    "trim(colour) AS trimmed",
    "concat(colour, '-', size) AS joined",
    "concat_ws('+', colour, size) AS joined_ws",
    "substring(colour, 2, 2) AS part",
    "colour LIKE 're%' AS like_red",
    "colour <=> 'red' AS same",
    "regexp_replace(colour, 'e+', 'E') AS replaced",
]
FUNCTIONS = [
    "abs(a) AS size_of_a",
    "log(abs(a) + 1) AS logged",
    "log1p(abs(a)) AS logged_1",
    "exp(a / 100) AS exponent",
    "sqrt(abs(a)) AS root",
    "pow(a, 2) AS squared",
    "round(a, 1) AS rounded",
    "signum(a) AS sign",
    "nanvl(a, 9.0D) AS number",
    "floor(nanvl(a, 0.0D)) AS floored",
    "ceil(nanvl(a, 0.0D)) AS ceiled",
]


def _statement(text: str):
    return stage("feature.SQLTransformer", statement=text)


def _expressions(*expressions: str):
    return _statement(f"SELECT *, {', '.join(expressions)} FROM __THIS__")


MODELS = [
    Model(
        "sql",
        COLUMNS,
        ROWS,
        ROWS,
        [
            *(_expressions(*one) for one in (ARITHMETIC, CHOICES, TEXTS, FUNCTIONS)),
            _expressions("doubled + 1 AS more", "concat(grade, upper_colour) AS graded"),
        ],
    ),
    Model(
        "sql-columns",
        COLUMNS,
        ROWS,
        ROWS,
        [_statement("SELECT __row, a + n AS total FROM __THIS__")],
    ),
    Model("sql-where", COLUMNS, ROWS, ROWS, [_statement("SELECT * FROM __THIS__ WHERE a > 0")]),
    Model(
        "sql-window",
        COLUMNS,
        ROWS,
        ROWS,
        [_statement("SELECT *, max(n) OVER (PARTITION BY size) AS most FROM __THIS__")],
    ),
]
