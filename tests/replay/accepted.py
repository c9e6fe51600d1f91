# SPDX-License-Identifier: Apache-2.0
"""The differences that accepted.yaml accepts, and which of them occurred."""
import fnmatch


class Accepted:
    """accepted.yaml, and which exchange each of its rows was needed for."""

    def __init__(self, rows):
        self.rows = rows
        self.used = {}  # number of the row: {exchange}

    def problems(self):
        """What is wrong with the file itself."""
        needed = {"recording", "exchanges", "at", "what", "reason"}
        for number, row in enumerate(self.rows, 1):
            if set(row) - {"served"} != needed or len(str(row["reason"])) < 20 or not row["exchanges"]:
                yield f"row {number} must have {', '.join(sorted(needed))}, and a reason in words"

    def find(self, recording, exchange, difference):
        for number, row in enumerate(self.rows):
            if (row["recording"], row["what"]) == (recording, difference.what) and exchange in row["exchanges"] and \
                    fnmatch.fnmatchcase(difference.at, row["at"]) and row.get("served", difference.served) == difference.served:
                self.used.setdefault(number, set()).add(exchange)
                return row
        return None

    def unused(self):
        """A row that nothing needed would hide the next difference."""
        for number, row in enumerate(self.rows):
            missing = sorted(set(row["exchanges"]) - self.used.get(number, set()))
            if missing:
                yield f"{row['recording']} {row['at']} ({row['what']}) did not occur in exchange {', '.join(map(str, missing))}"
