"""Equations as MathML, which browsers draw by themselves: no script, no network."""

from __future__ import annotations

import re

from docutils import nodes
from latex2mathml.converter import convert


def visit_math(writer, node: nodes.math) -> None:
    """Write an equation within a line."""
    writer.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def visit_display_math(writer, node: nodes.math_block) -> None:
    """Write an equation that stands alone; blank lines part several."""
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    for equation in re.split(r"\n\s*\n", node.astext().strip()):
        writer.body.append(convert(equation, display="block"))
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    """Register the renderer, as `html_math_renderer = "mathml"` names it."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_display_math, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
