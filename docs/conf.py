"""Settings of Sphinx for the site; CONTRIBUTING.md has the line that builds it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import _pages

import sklimb

# Before Sphinx looks for pages: autosummary makes a page for each name of the list.
_pages.write_all(Path(__file__).parent)

project = "sklimb"
author = "The sklimb developers"
copyright = "2026, the sklimb developers"
version = release = sklimb.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "_mathml",
    "numpydoc",
    "myst_nb",
    "sphinx_gallery.gen_gallery",
]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_build", "examples", "generated/results.md", "generated/papers.md"]
exclude_patterns += ["generated/papers/*.md"]
exclude_patterns += ["sg_execution_times.rst", "auto_examples/sg_execution_times.rst"]
# The gallery's notebooks are there to be downloaded; its pages are its .rst files.
exclude_patterns += ["auto_examples/*.ipynb"]
# A name in single backticks is a link where it is one of ours, and code where it is not.
default_role = "py:obj"
html_math_renderer = "mathml"

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections say the types, with shapes
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
# Notebooks are shown as they are committed; the tests run them.
nb_execution_mode = "off"
nb_merge_streams = True
suppress_warnings = [
    # the gallery's functions for its files cannot be pickled by Sphinx
    "config.cache",
]

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "abort_on_example_error": True,
    "min_reported_time": 10_000,
    "image_scrapers": ("matplotlib",),
}

templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme = "pydata_sphinx_theme"
html_title = "sklimb"
html_show_sourcelink = False
# Pages that stand alone have nothing to list beside them, and wide tables, as notebooks have.
html_sidebars = {page: [] for page in ("index", "results", "generated/notebooks/*")}
html_theme_options = {
    "show_nav_level": 1,
    "navigation_with_keys": False,
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}


def without_foreign_labels(app, what, name, obj, options, lines):
    """Take labels of scikit-learn's own pages out of docstrings that are inherited from there."""
    for i, line in enumerate(lines):
        lines[i] = re.sub(r":(?:ref|term):`([^`<]*?)\s*(?:<[^`>]*>)?`", r"\1", line)


def setup(app):
    """Connect what is above."""
    app.connect("autodoc-process-docstring", without_foreign_labels)
