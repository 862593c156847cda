# SPDX-License-Identifier: BSD-2-Clause
"""document.py - put a result into a document, between two marks, and its picture beside it"""
import os

from benchmarks import picture, report
from benchmarks.progress import Failed

BEGIN, END = "<!-- written by ./run bench --write -->", "<!-- end of what ./run bench has written -->"


def region(result, picture_name):
    parts = [report.machine_words(result) + ".\n"]
    if picture_name:
        parts.append(f"![One TCP connection over each row]({picture_name})\n")
    parts.append("The rows:\n\n" + "\n".join(report.row_words()) + "\n")
    parts.append("A cell is the median, in brackets the least and the greatest of the rounds; after the comma stands the "
                 "ratio to `plain`, taken within each round.\n")
    parts += [table.markdown() for table in report.tables(result)]
    parts += [words + "\n" for words in report.remarks(result)]
    return "\n".join(parts)


def replaced(text, new):
    """The document with what stands between its marks replaced."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Failed(f"the document has no lines \"{BEGIN}\" and \"{END}\", between which the figures go")
    return f"{before}{BEGIN}\n\n{new}\n{END}{after}"


def write(path, result):
    drawn = picture.draw(result)
    picture_path = path.with_suffix(".svg")
    text = replaced(path.read_text(), region(result, picture_path.name if drawn else ""))
    if drawn:
        picture_path.write_text(drawn)
    temporary = path.with_suffix(".new")
    temporary.write_text(text)
    os.replace(temporary, path)
