"""Executes the notebooks of this folder: python run.py OUT. run.sh says more."""

import base64
import pathlib
import sys

import nbformat
from nbclient import NotebookClient

HERE = pathlib.Path(__file__).parent

# Runs in the notebook's kernel before its first cell: notes each figure, and each panel with nothing finite in it, before
# the figure is drawn and closed.
WATCH = """
import matplotlib.pyplot as _plt, numpy as _np
_figures, _empty = [], []
def _look(show=_plt.show):
    for number in _plt.get_fignums():
        _figures.append(number)
        for axes in _plt.figure(number).axes:
            box = _np.asarray(axes.dataLim.get_points())
            # A panel may say in words that there is nothing to draw.
            if not axes.texts and not (axes.has_data() and _np.isfinite(box).all()):
                _empty.append((number, axes.get_title()))
    show()
_plt.show = _look
"""
VERDICT = """
assert _figures, "the notebook draws no figure"
assert not _empty, f"nothing in these panels (figure, title): {_empty}"
"""


def figures(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                yield base64.b64decode(output["data"]["image/png"])


def execute(path, out):
    notebook = nbformat.read(path, as_version=4)
    if any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells if cell.cell_type == "code"):
        sys.exit(f"{path.name} is stored with outputs; clear them, they belong to one run")
    cells = notebook.cells
    notebook.cells = [nbformat.v4.new_code_cell(WATCH), *cells, nbformat.v4.new_code_cell(VERDICT)]
    settings = {"timeout": 300, "startup_timeout": 180, "extra_arguments": ["--log-level=ERROR"]}
    NotebookClient(notebook, resources={"metadata": {"path": HERE}}, **settings).execute()
    notebook.cells = cells
    nbformat.write(notebook, out / path.name)
    drawn = list(figures(notebook))
    for number, image in enumerate(drawn, 1):
        (out / f"{path.stem}-{number}.png").write_bytes(image)
    print(f"{path.name}: {len(cells)} cells, {len(drawn)} figures")


if __name__ == "__main__":
    paths = sorted(HERE.glob("[0-9]*.ipynb"))
    assert paths, "no notebooks"
    for path in paths:
        execute(path, pathlib.Path(sys.argv[1]))
