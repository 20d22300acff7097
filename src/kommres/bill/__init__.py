"""Bills explained to those who pay them: a document in the words of the rules, as text, Markdown, HTML and data."""
