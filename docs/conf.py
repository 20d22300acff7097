"""Settings of the documentation."""

from importlib.metadata import version as installed_version

project = "kommres"
author = "The kommres contributors"
project_copyright = author
release = version = installed_version("kommres")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"kommres {release}"

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the signature would repeat what the parameters say
napoleon_google_docstring = False
# The documentation is built without a network, so what other libraries document cannot be linked.
nitpick_ignore_regex = [("py:.*", r"(?!kommres).*")]
