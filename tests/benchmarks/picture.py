# SPDX-License-Identifier: BSD-2-Clause
"""picture.py - one TCP connection over each row as bars, in SVG that is legible on light and dark paper"""
from xml.sax.saxutils import escape

from benchmarks.report import UNDERLAY_WORDS, summarize

STYLE = """
text { font: 13px sans-serif; fill: #333 }
.title { font-weight: bold }
.bar { fill: #8a8f98 } .ours { fill: #2f7ed8 } .span { stroke: #333 }
@media (prefers-color-scheme: dark) {
 text { fill: #ddd } .bar { fill: #7d828a } .ours { fill: #5aa2f0 } .span { stroke: #ddd }
}
"""
WIDTH, LEFT, BAR, STEP, TOP = 720, 110, 16, 22, 26
OURS = ("naive", "user", "fast", "fast-tcp", "fast-xdp", "ppp-naive", "ppp-user", "ppp-fast")


def bar(row, cell, y, scale):
    """Name, median, and a line from the least to the greatest."""
    low, middle, high = (cell[name] * scale for name in ("min", "median", "max"))
    words = f"{cell['median'] * 1e-9:.1f}" + (f" ({cell['ratio']['median']:.2f})" if "ratio" in cell else "")
    return (f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(row)}</text>'
            f'<rect class="{"ours" if row in OURS else "bar"}" x="{LEFT}" y="{y}" width="{middle:.1f}" height="{BAR}" rx="2"/>'
            f'<line class="span" x1="{LEFT + low:.1f}" x2="{LEFT + high:.1f}" y1="{y + BAR / 2}" y2="{y + BAR / 2}"/>'
            f'<text x="{LEFT + max(middle, high) + 8:.1f}" y="{y + 13}">{words}</text>')


def draw(result):
    """The SVG; nothing if no TCP was measured."""
    parts, y = [], 4
    for underlay, rows in summarize(result.get("samples", {})).items():
        cells = {row: measured["tcp1"] for row, measured in rows.items() if "tcp1" in measured}
        if not cells:
            continue
        scale = (WIDTH - LEFT - 110) / max(cell["max"] for cell in cells.values())
        parts.append(f'<text class="title" x="4" y="{y + 14}">One TCP connection, Gbit/s (to plain): '
                     f"{escape(UNDERLAY_WORDS[underlay])}</text>")
        y += TOP
        for row, cell in cells.items():
            parts.append(bar(row, cell, y, scale))
            y += STEP
        y += 12
    if not parts:
        return ""
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img">'
            f"<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n")
