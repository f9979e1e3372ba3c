"""Rows on their way to a room and figures on their way back."""

import csv
import os

# Columns of answers that hold words; those of a crosstab are named by its question.
_WORDS = {"segment", "outcome", "treatment", "verdict", "output", "figure", "column"}

# Of numbers, times and pandas.
_MISSING = {"nan", "NaT", "<NA>"}


class Rows(list):
    """The rows of an answer as dictionaries, where pandas is not installed.

    :ivar answer: the whole answer of the room
    """

    def __init__(self, rows, answer):
        super().__init__(rows)
        self.answer = answer


def is_path(rows):
    """Whether rows are the path of a file."""
    return isinstance(rows, (str, os.PathLike))


def writer(rows, renamed):
    """Makes the function that writes rows as CSV.

    :param rows: a data frame, or dictionaries with the same keys
    :param renamed: new names of columns, by their old ones
    :returns: a function that takes a text stream
    :raises ValueError: a column would get the name of another one, or is missing; or there are no rows
    """
    if hasattr(rows, "to_csv") and hasattr(rows, "columns"):
        _check(list(rows.columns), renamed)
        return lambda stream: _without_bytes(rows).rename(columns=renamed).to_csv(stream, index=False)
    rows = list(rows)
    if not rows:
        raise ValueError("there are no rows")
    if not all(hasattr(row, "keys") for row in rows):
        raise ValueError("rows are a data frame, dictionaries with the same keys, or the path of a file")
    names = list(rows[0])
    _check(names, renamed)

    def write(stream):
        out = csv.writer(stream, lineterminator="\n")
        out.writerow([renamed.get(name, name) for name in names])
        for row in rows:
            if row.keys() != rows[0].keys():
                raise ValueError(f"a row has the columns {', '.join(row)} and the first one {', '.join(names)}")
            out.writerow([_text(row[name]) for name in names])

    return write


def _without_bytes(frame):
    def has_bytes(column):
        return column.dtype == object and (column.map(type) == bytes).any()

    if not any(has_bytes(frame.iloc[:, place]) for place in range(frame.shape[1])):
        return frame
    return frame.apply(lambda column: column.map(_text) if has_bytes(column) else column)


# As of Parquet files: bytes are text, or digits. Other libraries write missing values in their own ways.
def _text(value):
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.hex()
    return "" if value is None or (not isinstance(value, str) and str(value) in _MISSING) else value


def read(path, answer):
    """Reads the figures of an answer.

    :param path: CSV of ``guardian room ask --csv``
    :param answer: the whole answer
    :returns: a data frame if pandas is installed, else :class:`Rows`
    """
    words = _WORDS | set(answer["question"].get("by") or ())
    with open(path, encoding="utf-8", newline="") as file:
        rows = [{name: _cell(name, cell, words) for name, cell in row.items()} for row in csv.DictReader(file)]
    try:
        import pandas
    except ImportError:
        return Rows(rows, answer)
    frame = pandas.DataFrame(rows)
    frame.attrs["answer"] = answer
    return frame


def _check(names, renamed):
    for old, new in renamed.items():
        if old not in names:
            raise ValueError(f"there is no column '{old}'; there are {', '.join(map(str, names))}")
        if new != old and new in names:
            raise ValueError(f"'{old}' cannot become '{new}': there is such a column already")


def _cell(name, cell, words):
    if cell == "":
        return None
    if name in words:
        # The command line marks texts that a spreadsheet would compute.
        return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@\t\r" else cell
    return int(cell) if cell.lstrip("-").isdigit() else float(cell)
