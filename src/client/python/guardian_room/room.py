"""A clean room, as one of its members sees it."""

import os
import tempfile

from guardian_room import command, tables


class Room:
    """A room. Each call verifies it anew, and no state is kept between calls.

    :param contract: the signed contract, room.yaml
    :param address: the room's address, host:port; None for the one that ``guardian room use`` remembers
    :param key: the file of the member's key; None for the one that is remembered
    """

    def __init__(self, contract, address=None, key=None):
        self._contract = os.fspath(contract)
        self._connection = [*_option("--room", address), *_option("--key", key and os.fspath(key))]

    def status(self):
        """The room, the member that asks, and the versions of the data."""
        return self._run("status")

    def budget(self):
        """The price of an answer, and what each data set has left."""
        return self._run("budget")

    def upload(self, rows, on=None, dataset=None, changes=False, receipt=None):
        """Uploads rows as a data set of this member, in place of its version before.

        :param rows: a data frame, dictionaries with the same keys, or the path of a file
        :param on: the column with the identifier, if it is not named as in the contract
        :param dataset: the data set; needed if the member owns several
        :param changes: whether the rows are only the persons to add or to change
        :param receipt: a new file for the signed receipt
        :returns: the counts of the preparation, and the version
        """
        dataset = dataset or self._own()
        options = ["--dataset", dataset, *_option("--receipt", receipt), *(["--changes"] if changes else [])]
        if tables.is_path(rows):
            if on is not None:
                raise ValueError("'on' renames a column of rows, and a file is sent as it is")
            return self._run("upload", *options, "--data", os.fspath(rows))
        renamed = {} if on is None else {on: self._identifier(dataset)}
        return self._run("upload", *options, "--data", "-", rows=tables.writer(rows, renamed))

    def overlap(self, rows=None, on=None, where=(), datasets=(), statement=None):
        """Counts the persons that the data sets share; uploads rows first, if there are any."""
        if rows is not None:
            self.upload(rows, on)
        elif on is not None:
            raise ValueError("'on' names a column of rows, and there are none")
        return self._ask(["ask"], ["overlap"], where, datasets, statement)

    def crosstab(self, *by, where=(), datasets=(), statement=None):
        """Counts the shared persons by the values of one or two columns, ``dataset.column``."""
        return self._ask(["ask"], ["crosstab", *_each("--by", by)], where, datasets, statement)

    def sum(self, column, where=(), datasets=(), statement=None):
        """Adds up a column, ``dataset.column``, over the shared persons."""
        return self._ask(["ask"], ["sum", "--of", column], where, datasets, statement)

    def reach(self, where=(), datasets=(), statement=None):
        """Counts the shared persons by how often they were reached."""
        return self._ask(["ask"], ["reach"], where, datasets, statement)

    def program(self, name=None, where=(), statement=None):
        """Runs a program of the contract over the shared persons."""
        return self._ask(["ask"], ["program", *_option("--program", name)], where, (), statement)

    def lift(self, by=None, where=(), statement=None):
        """Measures the campaign's effect, as the contract designed it; in each segment of a column if one is named."""
        return self._ask(["lift"], _option("--by", by), where, (), statement)

    def _ask(self, verb, words, where, datasets, statement):
        conditions = [where] if isinstance(where, str) else where
        with tempfile.TemporaryDirectory() as folder:
            figures = os.path.join(folder, "figures.csv")
            answer = self._run(
                *verb, *words, *_each("--where", conditions), *_each("--dataset", datasets),
                *_option("--output", statement and os.fspath(statement)), "--csv", figures)
            # A member who may ask, and may not read, gets a receipt.
            return tables.read(figures, answer) if os.path.exists(figures) else answer

    def _run(self, verb, *words, rows=None):
        return command.run(["room", verb, self._contract, *words, *self._connection], rows)

    def _own(self):
        status = self.status()
        own = [dataset["name"] for dataset in status["dataSets"] if dataset["owner"] == status["member"]]
        if len(own) == 1:
            return own[0]
        raise ValueError(f"{status['member']} owns {', '.join(own) or 'no data set'}: name one, dataset=…")

    def _identifier(self, dataset):
        contract = command.run(["room", "check", self._contract])
        columns = next((each["identifiers"] for each in contract["dataSets"] if each["name"] == dataset), None)
        if columns is None:
            raise ValueError(f"the contract has no data set '{dataset}'")
        if len(columns) != 1:
            raise ValueError(f"persons of '{dataset}' are identified by {', '.join(columns)}: name the columns so, without 'on'")
        return columns[0]


def _option(name, value):
    return [] if value is None else [name, os.fspath(value) if isinstance(value, os.PathLike) else str(value)]


def _each(name, values):
    return [word for value in values for word in (name, value)]
