"""Settings of the documentation."""

from importlib.metadata import version as installed_version

project = "kommres"
author = "The kommres contributors"
project_copyright = author
release = version = installed_version("kommres")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "reference/trial/README.md"]  # the README is included by trial.md

html_theme = "furo"
html_title = f"kommres {release}"

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "none"  # the signature would repeat what the parameters say
napoleon_google_docstring = False
# The documentation is built without a network, so what other libraries document cannot be linked.
nitpick_ignore_regex = [("py:.*", r"(?!kommres).*")]


def setup(app: object) -> None:
    """Let pages show rule text: a small lexer made from the keyword table."""
    from pygments.lexer import RegexLexer, words
    from pygments.lexers.special import TextLexer
    from pygments.token import Comment, Keyword, Name, Number, Operator, String, Text

    from kommres.dsl.keywords import KEYWORDS

    class RuleLexer(RegexLexer):
        name = "kommres"
        aliases = ["kommres"]  # noqa: RUF012 - the base class wants a list
        tokens = {  # noqa: RUF012 - likewise
            "root": [
                (r"#.*?$", Comment.Single),
                (r'"[^"\n]*"', String),
                (r"\d{4}-\d{2}(-\d{2})?\b", Number.Integer),
                (r"\d[\d_]*(\.\d+)?", Number),
                (
                    words(
                        sorted({w for k in KEYWORDS if k.kind != "cite" for w in (k.en, k.ru)}, key=len, reverse=True),
                        prefix=r"\b",
                        suffix=r"\b",
                    ),
                    Keyword,
                ),
                (r"\w+", Name),
                (r"[-+*/=<>!]+", Operator),
                (r"\s+|.", Text),
            ]
        }

    app.add_lexer("csv", TextLexer)  # type: ignore[attr-defined]
    app.add_lexer("kommres", RuleLexer)  # type: ignore[attr-defined]
