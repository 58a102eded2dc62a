"""Score files with a model: Parquet, CSV, JSON lines or Arrow in, a folder of Parquet files out.

Each input of the model is read from the column of its name; if the only one has no such column, the
columns together are its rows. A bad row goes to `_bad_rows.jsonl`, with the reason, and stops
nothing. The same command, given again, continues where it was interrupted. `--master` runs it on a
Spark cluster. Needs the extra: pip install 'serving-runtime[batch]'.
"""

import argparse
import os
import sys
from typing import TYPE_CHECKING, Mapping, Tuple

from serving_runtime.cli import flags
from serving_runtime.settings import parsing

if TYPE_CHECKING:
    from serving_runtime.batch.job import Job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    flags.add_model(parser)
    parser.usage = "%(prog)s [MODEL_DIR] --input PATH --output DIR [--SETTING VALUE ...]"
    group = parser.add_argument_group("the data")
    group.add_argument(
        "--input",
        action="append",
        required=True,
        metavar="PATH",
        help="a file, a folder or a pattern; may be given several times",
    )
    group.add_argument("--output", required=True, metavar="DIR", help="a folder for the results")
    group.add_argument(
        "--format",
        choices=("parquet", "csv", "jsonl", "arrow"),
        default="",
        help="of the input; by default what the names of the files say",
    )
    _add_columns(group)
    _add_ways(group)


def _add_columns(group: "argparse._ArgumentGroup") -> None:
    group.add_argument("--signature", default="", metavar="NAME", help="what is called")
    group.add_argument(
        "--columns",
        type=_names,
        metavar="A,B",
        help="the columns that make up the model's only input, in order",
    )
    group.add_argument(
        "--keep",
        type=_names,
        metavar="A,B",
        help="the columns that results have as well: by default those that the model does not "
        "take; '*' keeps all, '' none",
    )
    group.add_argument(
        "--prefix", default="", metavar="TEXT", help="stands before the names of outputs"
    )


def _add_ways(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--rows-per-call",
        type=flags.read_by(parsing.POSITIVE),
        default=8192,
        metavar="N",
        help="most rows in one call of the model (default: 8192)",
    )
    group.add_argument(
        "--max-bad",
        type=flags.read_by(parsing.Parser(_share, "a share, 0 to 1")),
        default=0.5,
        metavar="SHARE",
        help="stop once more than this share of the rows is bad (default: 0.5; 1 never stops)",
    )
    group.add_argument(
        "--master", default="", metavar="URL", help="a Spark cluster, such as spark://host:7077"
    )
    group.add_argument(
        "--packages",
        default="",
        metavar="ARCHIVE|none",
        help="for a cluster: an archive of the environment, as venv-pack makes it; by default "
        "this one is packed; `none` if the executors have it",
    )


def run(arguments: argparse.Namespace) -> int:
    """Score the files; returns 0 once all is done, whether or not rows were bad.

    Raises:
        StartError: the job cannot begin, or cannot go on.
    """
    from serving_runtime.batch import extra

    extra.require("pyarrow")
    environ = flags.effective(arguments)
    if "MODEL_DIR" in vars(arguments):
        environ = {**environ, "MODEL_DIR": arguments.MODEL_DIR}
    rows, bad = (_on_cluster if arguments.master else _here)(arguments, environ)
    where = f" (see {os.path.join(arguments.output, '_bad_rows*')})" if bad else ""
    print(f"{rows:,} rows, {bad:,} of them bad{where}: {arguments.output}")
    return 0


def _here(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Tuple[int, int]:
    from serving_runtime.batch import job

    try:
        return job.run(_job(arguments, environ))
    except KeyboardInterrupt:
        print("\ninterrupted: the same command continues from here", file=sys.stderr)
        raise


def _on_cluster(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Tuple[int, int]:
    from serving_runtime.batch.spark import files

    return files.run(_job(arguments, environ), arguments.master, arguments.packages)


def _job(arguments: argparse.Namespace, environ: Mapping[str, str]) -> "Job":
    from serving_runtime.batch import readers
    from serving_runtime.batch.binding import Wishes
    from serving_runtime.batch.job import Job

    on_cluster = bool(arguments.master)
    workers = environ.get("RUNTIME_WORKERS", "")
    return Job(
        environ,
        arguments.runtime,
        readers.find(arguments.input, arguments.format, on_cluster),
        readers.located(arguments.output, on_cluster),
        arguments.signature,
        Wishes(arguments.columns, arguments.keep, arguments.prefix),
        arguments.rows_per_call,
        int(workers) if workers.isdigit() else 0,
        arguments.max_bad,
    )


def _names(text: str) -> Tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError
    return value
